import { mkdirSync } from 'node:fs'
import { buildSteps } from './cluster/builds.ts'
import { startEngine } from './cluster/engine.ts'
import { clusterEnvironment } from './cluster/environment.ts'
import { awaitNodes, createCluster } from './cluster/kind.ts'
import { inspectMachine, type Machine } from './cluster/machine.ts'
import { loadNodeImage, makeNodeImage } from './cluster/nodeimage.ts'
import { findMissing, makeRootfs, rootfs, unpackPackages } from './cluster/packages.ts'
import { stateDir } from './cluster/places.ts'
import { keepFirstSnapshot } from './cluster/snapshot.ts'
import { makeSystemImages } from './cluster/systemimages.ts'
import { runMain, runSteps, type Step, say } from './steps.ts'

const network = 'check the network of this machine, then run it again: what is done is kept'

function packageSteps(machine: Machine): readonly Step[] {
  return [
    { name: 'unpack engine', hint: network, run: (log) => unpackPackages('engine', log) },
    { name: 'unpack containerd', needs: ['unpack engine'], hint: network, run: (log) => unpackPackages('node', log) },
    { name: 'rootfs node', needs: ['unpack engine'], hint: network, run: (log) => makeRootfs(rootfs.node, log) },
    {
      name: 'system images',
      needs: ['rootfs node', 'build local-path-provisioner'],
      hint: 'remove the folder images/ of the cache and run it again',
      run: makeSystemImages,
    },
    {
      name: 'node image',
      needs: ['system images', 'unpack containerd'],
      hint: 'remove the folder images/ of the cache and run it again',
      run: makeNodeImage,
    },
    {
      name: 'start engine',
      needs: ['unpack engine', 'rootfs node', 'build coredns'],
      hint: 'run "npm run down", then "npm run up" again',
      run: (log) => startEngine(machine, log),
    },
    {
      name: 'load node image',
      needs: ['node image', 'start engine'],
      hint: 'run "npm run down", then "npm run up" again',
      run: (log) => loadNodeImage(clusterEnvironment('packages'), log),
    },
  ]
}

function clusterSteps(machine: Machine): readonly Step[] {
  const hint = 'run "npm run down", then "npm run up" again'
  const needs = machine.way === 'packages' ? ['load node image', 'build kind'] : ['build kind', 'build kubectl']
  return [
    { name: 'create cluster', needs, hint, run: (log) => createCluster(machine, log) },
    { name: 'nodes Ready', needs: ['create cluster'], hint, run: (log) => awaitNodes(machine, log) },
  ]
}

async function main(): Promise<void> {
  mkdirSync(stateDir, { recursive: true })
  const machine = await inspectMachine()
  say(
    `${machine.way === 'packages' ? 'everything is made from packages' : 'the usual way'}: ${machine.reason}; cgroups ${machine.cgroups}`,
  )
  if (machine.way === 'packages') {
    const missing = await findMissing()
    if (missing.length > 0) throw new Error(`Cannot make a cluster from packages: missing are ${missing.join(', ')}`)
  }
  await keepFirstSnapshot()
  await runSteps([
    ...buildSteps(),
    ...(machine.way === 'packages' ? packageSteps(machine) : []),
    ...clusterSteps(machine),
  ])
}

await runMain(main)
