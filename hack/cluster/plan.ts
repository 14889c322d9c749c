import type { Step } from '../steps.ts'
import { buildSteps, isOnPath } from './builds.ts'
import { startEngine } from './engine.ts'
import { clusterEnvironment } from './environment.ts'
import { installOperator } from './install.ts'
import { awaitNodes, createCluster } from './kind.ts'
import { loadImage } from './load.ts'
import type { Machine } from './machine.ts'
import { loadNodeImage, makeNodeImage } from './nodeimage.ts'
import { makeClientImage, makeOperatorImage } from './ownimages.ts'
import { makeRootfs, type Rootfs, rootfs, unpackPackages } from './packages.ts'
import { makeServerImage, pullServerImage, type ServerImage, serverImages, serverSpec } from './serverimages.ts'
import { makeSystemImages } from './systemimages.ts'

const hints = {
  network: 'check the network of this machine, then run it again: what is done is kept',
  images: 'remove the folder images/ of the cache, then run it again',
  cluster: 'run "npm run down", then run it again',
  sources: 'mend what the compiler names (npm run typecheck), then run it again',
  operator:
    'look at the operator: kubectl -n sessionstore-system get pods; kubectl -n sessionstore-system logs deploy/sessionstore-operator',
} as const

/** Everything from nothing to a cluster of four nodes with the operator in it; each step is safe to repeat. */
export async function planCluster(machine: Machine): Promise<readonly Step[]> {
  const isOwnEngine = machine.way === 'packages'
  return [
    ...(isOwnEngine ? buildSteps() : await planTools()),
    ...(isOwnEngine ? planPackages(machine) : []),
    ...planKind(machine),
    ...planImages(machine),
    {
      name: 'install operator',
      needs: ['load operator', 'build helm'],
      hint: hints.operator,
      run: (log) => installOperator(machine, log),
    },
  ]
}

/** In the usual way the tools may be the machine's own; without Go the contract tests use the API server of the cluster. */
async function planTools(): Promise<readonly Step[]> {
  const tools = ['kubectl', 'kind', 'helm'] as const
  const local = (await isOnPath('go')) ? (['kube-apiserver', 'etcd'] as const) : []
  return buildSteps([...local, ...tools], { fromPath: tools })
}

/** What an engine, a node image and the images of servers need, from Debian packages. The trees are made one by one: each takes a core. */
function planPackages(machine: Machine): readonly Step[] {
  const trees = [rootfs.node, rootfs.client, rootfs.valkey, rootfs.redis8, rootfs.redis7]
  return [
    { name: 'unpack engine', hint: hints.network, run: (log) => unpackPackages('engine', log) },
    {
      name: 'unpack containerd',
      needs: ['unpack engine'],
      hint: hints.network,
      run: (log) => unpackPackages('node', log),
    },
    ...trees.map((tree, index) => planTree(tree, trees[index - 1])),
    {
      name: 'system images',
      needs: ['rootfs node', 'build local-path-provisioner'],
      hint: hints.images,
      run: makeSystemImages,
    },
    { name: 'node image', needs: ['system images', 'unpack containerd'], hint: hints.images, run: makeNodeImage },
    {
      name: 'start engine',
      needs: ['rootfs node', 'build coredns'],
      hint: hints.cluster,
      run: (log) => startEngine(machine, log),
    },
    {
      name: 'load node image',
      needs: ['node image', 'start engine'],
      hint: hints.cluster,
      run: (log) => loadNodeImage(clusterEnvironment('packages'), log),
    },
  ]
}

function planTree(tree: Rootfs, before: Rootfs | undefined): Step {
  const needs = [before ? `rootfs ${before.name}` : 'unpack engine']
  return { name: `rootfs ${tree.name}`, needs, hint: hints.network, run: (log) => makeRootfs(tree, log) }
}

function planKind(machine: Machine): readonly Step[] {
  const needs = machine.way === 'packages' ? ['load node image', 'build kind'] : ['build kind', 'build kubectl']
  return [
    { name: 'create cluster', needs, hint: hints.cluster, run: (log) => createCluster(machine, log) },
    { name: 'nodes Ready', needs: ['create cluster'], hint: hints.cluster, run: (log) => awaitNodes(machine, log) },
  ]
}

/** The images are loaded one by one, what is needed first comes first: each load keeps both disk and cores busy. */
function planImages(machine: Machine): readonly Step[] {
  const isOwnEngine = machine.way === 'packages'
  const makers: readonly Step[] = [
    {
      name: 'image operator',
      needs: isOwnEngine ? ['rootfs client'] : [],
      hint: hints.sources,
      run: async (log) => (await makeOperatorImage(machine, log)).references[0],
    },
    {
      name: 'image client',
      needs: ['image operator'],
      hint: hints.network,
      run: async (log) => (await makeClientImage(machine, log)).references[0],
    },
    ...serverImages.map((image) => planServer(image, machine)),
  ]
  const loads = {
    valkey: serverSpec(serverImages[0]),
    operator: (log: string) => makeOperatorImage(machine, log),
    client: (log: string) => makeClientImage(machine, log),
    redis8: serverSpec(serverImages[1]),
    redis7: serverSpec(serverImages[2]),
  }
  const names = Object.keys(loads) as (keyof typeof loads)[]
  const loaders = names.map((name, index) => ({
    name: `load ${name}`,
    needs: [`image ${name}`, index === 0 ? 'nodes Ready' : `load ${names[index - 1]}`],
    hint: hints.cluster,
    run: async (log: string) => {
      const source = loads[name]
      return loadImage(typeof source === 'function' ? await source(log) : source, machine, log)
    },
  }))
  return [...makers, ...loaders]
}

function planServer(image: ServerImage, machine: Machine): Step {
  if (machine.way === 'engine') {
    return { name: `image ${image.name}`, hint: hints.network, run: (log) => pullServerImage(image, log) }
  }
  const needs = [`rootfs ${image.tree.name}`]
  return { name: `image ${image.name}`, needs, hint: hints.images, run: (log) => makeServerImage(image, log) }
}
