import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, programPath, versions } from '../paths.ts'
import { runCommand } from '../processes.ts'
import { type ImageSpec, isArchiveCurrent, writeArchive } from './archive.ts'
import { digestOf, rootfs, rootfsPath } from './packages.ts'
import { imagesDir, localImages, packagesDir } from './places.ts'
import { copyWithLibraries, freshDir, freshTree, putFiles, putLinks, putTexts } from './stage.ts'

/** Folder of the archives that every node imports when it boots. */
export const systemImagesDir = join(imagesDir, 'system')

const nodeFiles = join(import.meta.dirname, 'node')
const authorities = 'etc/ssl/certs/ca-certificates.crt'
const library = 'usr/lib/x86_64-linux-gnu'

type Plan = Readonly<{
  references: readonly string[]
  gather: (dir: string) => Promise<void> | void
  entrypoint?: readonly string[]
}>

/** Writes the archive of every image that kubeadm, the network and the volumes of a node need. */
export async function makeSystemImages(logFile: string): Promise<string> {
  const names = await kubeadmImages()
  const plans = planImages(names)
  const key = digestOf(
    [JSON.stringify(versions), JSON.stringify(names), JSON.stringify(rootfs.node), ownSources()].join('\n'),
  )
  let made = 0
  for (const [name, plan] of Object.entries(plans)) {
    const spec: ImageSpec = {
      file: join(systemImagesDir, `${name}.tar`),
      references: plan.references,
      key,
      layers: [{ dir: join(cacheDir, 'stage', name) }],
      ...(plan.entrypoint ? { entrypoint: plan.entrypoint } : {}),
    }
    if (isArchiveCurrent(spec)) continue
    freshDir(join(cacheDir, 'stage', name))
    await plan.gather(join(cacheDir, 'stage', name))
    await writeArchive(spec, logFile)
    freshDir(join(cacheDir, 'stage', name))
    made += 1
  }
  return made === 0 ? 'kept' : `${made} images`
}

/** The reference of the sandbox image, which containerd must be told. */
export async function pauseImage(): Promise<string> {
  return (await kubeadmImages()).pause
}

/** The text of everything below hack/cluster that decides what an image holds. */
export function ownSources(): string {
  const files = readdirSync(nodeFiles).map((name) => join(nodeFiles, name))
  const code = ['builds.ts', 'systemimages.ts', 'nodeimage.ts', 'stage.ts', 'archive.ts'].map((name) =>
    join(import.meta.dirname, name),
  )
  return [...files, ...code].map((file) => readFileSync(file, 'utf8')).join('\n')
}

type KubeadmImage =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'coredns'
  | 'pause'
  | 'etcd'

/** The references that kubeadm writes into its manifests. */
async function kubeadmImages(): Promise<Readonly<Record<KubeadmImage, string>>> {
  const version = `v${versions.kubernetes}`
  const text = await runCommand([programPath('kubeadm'), 'config', 'images', 'list', '--kubernetes-version', version])
  function find(name: KubeadmImage): string {
    const found = text.split('\n').find((line) => line.includes(`/${name}:`))
    if (!found) throw new Error(`Cannot name the image of ${name}: kubeadm lists ${text.trim()}`)
    return found.trim()
  }
  return {
    'kube-apiserver': find('kube-apiserver'),
    'kube-controller-manager': find('kube-controller-manager'),
    'kube-scheduler': find('kube-scheduler'),
    'kube-proxy': find('kube-proxy'),
    coredns: find('coredns'),
    pause: find('pause'),
    etcd: find('etcd'),
  }
}

function planImages(names: Readonly<Record<KubeadmImage, string>>): Readonly<Record<string, Plan>> {
  const tree = rootfsPath(rootfs.node)
  const certificates = { [authorities]: join(tree, authorities) }
  function daemon(program: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'): Plan {
    return {
      references: [names[program]],
      gather: (dir) => putFiles(dir, { [`usr/local/bin/${program}`]: programPath(program), ...certificates }),
    }
  }
  return {
    'kube-apiserver': daemon('kube-apiserver'),
    'kube-controller-manager': daemon('kube-controller-manager'),
    'kube-scheduler': daemon('kube-scheduler'),
    etcd: { references: [names.etcd], gather: (dir) => putFiles(dir, { 'usr/local/bin/etcd': programPath('etcd') }) },
    pause: {
      references: [names.pause],
      gather: (dir) => putFiles(dir, { catatonit: join(tree, 'usr/bin/catatonit') }),
      entrypoint: ['/catatonit', '-P'],
    },
    coredns: {
      references: [names.coredns],
      gather: (dir) => putFiles(dir, { coredns: programPath('coredns'), ...certificates }),
      entrypoint: ['/coredns'],
    },
    'local-path-provisioner': {
      references: [localImages.localPathProvisioner],
      gather: (dir) =>
        putFiles(dir, { 'local-path-provisioner': programPath('local-path-provisioner'), ...certificates }),
    },
    busybox: { references: [localImages.busybox], gather: gatherBusybox },
    // One image under two names: both are a program on top of the same network tools.
    network: { references: [names['kube-proxy'], localImages.cniAgent], gather: gatherNetwork },
  }
}

async function gatherNetwork(dir: string): Promise<void> {
  const tree = rootfsPath(rootfs.node)
  freshTree(dir)
  const tools = 'xtables-nft-multi xtables-legacy-multi nft conntrack ipset'
    .split(' ')
    .map((name) => `/usr/sbin/${name}`)
  const shell = 'bash cat grep mv sleep sed ip'.split(' ').map((name) => `/bin/${name}`)
  await copyWithLibraries(tree, dir, [...tools, ...shell, '/usr/bin/kmod'])
  const extensions = readdirSync(join(tree, library, 'xtables')).map((name) => `/${library}/xtables/${name}`)
  await copyWithLibraries(tree, dir, extensions)
  const tables = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']
  putLinks(dir, Object.fromEntries(tables.map((name) => [`usr/sbin/${name}`, 'xtables-nft-multi'])))
  putLinks(dir, { 'usr/bin/sh': 'bash', 'usr/sbin/modprobe': '../bin/kmod' })
  putTexts(dir, { 'etc/protocols': 'icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nsctp 132 SCTP\n' })
  const programs = {
    'kube-proxy': programPath('kube-proxy'),
    kubectl: programPath('kubectl'),
    'cni-agent': join(nodeFiles, 'cni-agent'),
  }
  putFiles(
    dir,
    Object.fromEntries(Object.entries(programs).map(([name, file]) => [`usr/local/bin/${name}`, file])),
    0o755,
  )
}

/** The dynamic build with its libraries, as the static one cannot look names up. */
async function gatherBusybox(dir: string): Promise<void> {
  const tree = rootfsPath(rootfs.node)
  const busybox = join(packagesDir, 'engine', 'bin', 'busybox')
  freshTree(dir)
  putFiles(dir, { 'usr/bin/busybox': busybox }, 0o755)
  await copyWithLibraries(tree, dir, [`/${library}/libc.so.6`, `/${library}/libresolv.so.2`])
  const applets = (await runCommand([busybox, '--list'])).trim().split('\n')
  putLinks(
    dir,
    Object.fromEntries(applets.filter((name) => name !== 'busybox').map((name) => [`usr/bin/${name}`, 'busybox'])),
  )
  putTexts(dir, { 'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', 'etc/group': 'root:x:0:\n' })
}
