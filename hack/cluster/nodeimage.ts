import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, programPath, versions } from '../paths.ts'
import { runCommand, tryCommand } from '../processes.ts'
import { isArchiveCurrent, writeArchive } from './archive.ts'
import { digestOf, packageSets, rootfs, rootfsPath } from './packages.ts'
import { imagesDir, localImages, packagesDir } from './places.ts'
import { freshDir, putFiles, putLinks, putTexts } from './stage.ts'
import { ownSources, pauseImage, systemImagesDir } from './systemimages.ts'

const nodeFiles = join(import.meta.dirname, 'node')
const stageDir = join(cacheDir, 'stage', 'node')
const nodeArchive = join(imagesDir, 'node.tar')

/** Writes the archive of the image of a kind node: Debian, containerd, kubelet, our init, and the system images. */
export async function makeNodeImage(logFile: string): Promise<string> {
  const spec = {
    file: nodeArchive,
    references: [localImages.node],
    key: digestOf([JSON.stringify([versions, rootfs.node, packageSets.node]), ownSources()].join('\n')),
    layers: [
      {
        dir: rootfsPath(rootfs.node),
        excludes: ['doc', 'man', 'locale', 'info']
          .map((name) => `./usr/share/${name}/*`)
          .concat(['./var/cache/apt/*', './var/lib/apt/lists/*', './var/log/*', './dev/*']),
      },
      { dir: stageDir },
    ],
    entrypoint: ['/usr/bin/catatonit', '--', '/usr/local/bin/node-init'],
    env: ['container=docker'],
  }
  if (isArchiveCurrent(spec)) return 'kept'
  await gatherNode()
  await writeArchive(spec, logFile)
  freshDir(stageDir)
  return localImages.node
}

/** Loads the node image into the engine, unless this very image is there. */
export async function loadNodeImage(env: NodeJS.ProcessEnv, logFile: string): Promise<string> {
  const stamp = readFileSync(`${nodeArchive}.key`, 'utf8')
  const label = `sessionstore.local/node-stamp:${digestOf(stamp)}`
  const there = await tryCommand(['docker', 'image', 'inspect', label], { env })
  if (there.code === 0) return 'kept'
  await runCommand(['docker', 'load', '--input', nodeArchive], { env, logFile })
  await runCommand(['docker', 'tag', localImages.node, label], { env, logFile })
  return 'loaded'
}

async function gatherNode(): Promise<void> {
  freshDir(stageDir, [
    'kind/images',
    'kind/manifests',
    'etc/containerd/certs.d',
    'etc/kubernetes/manifests',
    'opt/cni/bin',
    'dev',
  ])
  mkdirSync(join(stageDir, 'usr/lib/modules'), { recursive: true })
  const debs = join(packagesDir, 'node')
  const programs = {
    kubeadm: programPath('kubeadm'),
    kubelet: programPath('kubelet'),
    kubectl: programPath('kubectl'),
    containerd: join(debs, 'usr/bin/containerd'),
    ctr: join(debs, 'usr/bin/ctr'),
    'containerd-shim-runc-v2': join(debs, 'usr/bin/containerd-shim-runc-v2'),
  }
  putFiles(stageDir, prefixed('usr/bin', programs), 0o755)
  const plugins = ['bridge', 'host-local', 'loopback', 'portmap', 'ptp']
  putFiles(
    stageDir,
    prefixed('opt/cni/bin', Object.fromEntries(plugins.map((name) => [name, join(debs, 'usr/lib/cni', name)]))),
    0o755,
  )
  const scripts = Object.fromEntries(['node-init', 'systemctl', 'ctr'].map((name) => [name, join(nodeFiles, name)]))
  putFiles(stageDir, prefixed('usr/local/bin', scripts), 0o755)
  putLinks(stageDir, { 'usr/local/bin/journalctl': 'systemctl' })
  const archives = readdirSync(systemImagesDir).filter((name) => name.endsWith('.tar'))
  putFiles(
    stageDir,
    prefixed('kind/images', Object.fromEntries(archives.map((name) => [name, join(systemImagesDir, name)]))),
  )
  putTexts(stageDir, {
    'kind/version': `v${versions.kubernetes}\n`,
    'etc/crictl.yaml': 'runtime-endpoint: unix:///run/containerd/containerd.sock\n',
    'etc/containerd/config.toml': readNodeFile('containerd.toml').replace('@PAUSE@', await pauseImage()),
    'kind/manifests/default-cni.yaml': readNodeFile('default-cni.yaml'),
    'kind/manifests/default-storage.yaml': readNodeFile('default-storage.yaml').replace(
      '@LOCAL_PATH_VERSION@',
      `v${versions.localPathProvisioner}`,
    ),
  })
}

function readNodeFile(name: string): string {
  return readFileSync(join(nodeFiles, name), 'utf8')
}

function prefixed(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, source]) => [join(folder, name), source]))
}
