import { existsSync, mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, type Program, programDir, programPath, versions } from '../paths.ts'
import { runCommand, tryCommand } from '../processes.ts'
import type { Step } from '../steps.ts'

const goEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin`,
  GOCACHE: join(cacheDir, 'go', 'build'),
  GOMODCACHE: join(cacheDir, 'go', 'mod'),
  GOFLAGS: '-modcacherw',
  GOTOOLCHAIN: 'local',
  GOGC: '400',
  CGO_ENABLED: '0',
}

/** Modules that k8s.io/kubernetes replaces by folders of its own; a module that requires it must name their versions. */
const stagingModules =
  'api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api cri-client cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller streaming'.split(
    ' ',
  )

const kubernetesPrograms = [
  'kube-apiserver',
  'kubectl',
  'kubelet',
  'kubeadm',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
] as const

/** What the Corefiles of kubeadm and of the engine's name server use. All plugins would bring the libraries of three clouds along. */
const corednsPlugins =
  'bind cache errors forward health kubernetes loadbalance log loop metrics ready reload template'.split(' ')

const toolPackages = {
  kind: `sigs.k8s.io/kind@v${versions.kind}`,
  'local-path-provisioner': `github.com/rancher/local-path-provisioner@v${versions.localPathProvisioner}`,
  helm: `helm.sh/helm/v3/cmd/helm@v${versions.helm}`,
} as const

type KubernetesProgram = (typeof kubernetesPrograms)[number]
type Tool = keyof typeof toolPackages

/** The order of the builds: what the contract tests need comes first. */
export const buildOrder: readonly Program[] = [
  'kube-apiserver',
  'etcd',
  ...kubernetesPrograms.slice(1),
  'kind',
  'coredns',
  'local-path-provisioner',
  'helm',
]

/** What may be set for the builds. */
export type BuildOptions = Readonly<{
  /** Programs that are taken from the PATH where it has them. */
  fromPath?: readonly Program[]
}>

/** Steps that build programs one after another (each takes all cores); a program that exists is kept. */
export function buildSteps(programs: readonly Program[] = buildOrder, options: BuildOptions = {}): readonly Step[] {
  const ordered = buildOrder.filter((program) => programs.includes(program))
  return ordered.map((program, index) => ({
    name: `build ${program}`,
    needs: index === 0 ? [] : [`build ${ordered[index - 1]}`],
    hint: 'check that Go is on the PATH (go version) and that its module proxy can be reached (go env GOPROXY), then run it again: what is built is kept',
    run: async (logFile: string) => {
      if (options.fromPath?.includes(program) && (await isOnPath(program))) return 'found on the PATH'
      return buildProgram(program, logFile)
    },
  }))
}

/** Whether a program can be run by its name. */
export async function isOnPath(name: string): Promise<boolean> {
  return (await tryCommand(['sh', '-c', `command -v ${name}`], { env: goEnvironment })).code === 0
}

/** Builds one program from its Go module unless its version is in the cache. */
export async function buildProgram(program: Program, logFile: string): Promise<string> {
  if (existsSync(programPath(program))) return 'kept'
  mkdirSync(programDir(program), { recursive: true })
  if (program === 'etcd') await buildEtcd(logFile)
  else if (program === 'coredns') await buildCoredns(logFile)
  else if (isKubernetes(program)) await buildKubernetes(program, logFile)
  else await buildTool(program, logFile)
  return 'built'
}

function isKubernetes(program: Program): program is KubernetesProgram {
  return (kubernetesPrograms as readonly Program[]).includes(program)
}

async function buildKubernetes(program: KubernetesProgram, logFile: string): Promise<void> {
  const source = await prepareKubernetes(logFile)
  const settings = {
    gitVersion: `v${versions.kubernetes}`,
    gitMajor: versions.kubernetes.split('.')[0],
    gitMinor: versions.kubernetes.split('.')[1],
    gitTreeState: 'clean',
    gitCommit: 'proxy',
    buildDate: '1970-01-01T00:00:00Z',
  }
  const stamps = Object.entries(settings).flatMap(([name, value]) =>
    ['k8s.io/component-base', 'k8s.io/client-go/pkg'].map((base) => `-X ${base}/version.${name}=${value}`),
  )
  const flags = ['-mod=mod', '-p', '2', '-trimpath', '-buildvcs=false', '-tags', 'grpcnotrace,notest']
  const output = ['-o', `${programPath(program)}.tmp`, '-ldflags', ['-s', '-w', ...stamps].join(' ')]
  await go(['build', ...flags, ...output, `k8s.io/kubernetes/cmd/${program}`], source, logFile)
  renameSync(`${programPath(program)}.tmp`, programPath(program))
}

/** A module that only requires k8s.io/kubernetes: the one way to build its commands from the module proxy. */
async function prepareKubernetes(logFile: string): Promise<string> {
  const source = join(cacheDir, 'src', `kubernetes-v${versions.kubernetes}`)
  const ready = join(source, 'go.sum')
  if (existsSync(ready)) return source
  mkdirSync(source, { recursive: true })
  if (!existsSync(join(source, 'go.mod'))) await go(['mod', 'init', 'local/kubernetes'], source, logFile)
  const replaces = stagingModules.map((name) => `-replace=k8s.io/${name}=k8s.io/${name}@v${versions.kubernetesModules}`)
  const main = `k8s.io/kubernetes@v${versions.kubernetes}`
  await go(['mod', 'edit', ...replaces, `-require=${main}`], source, logFile)
  const commands = kubernetesPrograms.map((name) => `k8s.io/kubernetes/cmd/${name}@v${versions.kubernetes}`)
  await go(['get', '-tool', ...commands], source, logFile)
  return source
}

/** etcd's module has replace lines, so `go install` refuses it: it needs a module around it too. */
async function buildEtcd(logFile: string): Promise<void> {
  const source = join(cacheDir, 'src', `etcd-v${versions.etcd}`)
  mkdirSync(source, { recursive: true })
  const main = 'go.etcd.io/etcd/server/v3'
  if (!existsSync(join(source, 'go.mod'))) await go(['mod', 'init', 'local/etcd'], source, logFile)
  await go(['get', '-tool', `${main}@v${versions.etcd}`], source, logFile)
  await goBuild('etcd', main, { source, logFile })
}

/** A main package of our own around CoreDNS, as its plugins are chosen by imports: half of the packages to compile. */
async function buildCoredns(logFile: string): Promise<void> {
  const source = join(cacheDir, 'src', `coredns-v${versions.coredns}`)
  mkdirSync(source, { recursive: true })
  const main = 'github.com/coredns/coredns'
  const imports = [`import "${main}/coremain"`, ...corednsPlugins.map((name) => `import _ "${main}/plugin/${name}"`)]
  writeFileSync(join(source, 'main.go'), ['package main', ...imports, 'func main() { coremain.Run() }', ''].join('\n'))
  if (!existsSync(join(source, 'go.mod'))) await go(['mod', 'init', 'local/coredns'], source, logFile)
  await go(['get', `${main}@v${versions.coredns}`], source, logFile)
  await goBuild('coredns', '.', { source, logFile })
}

async function buildTool(tool: Tool, logFile: string): Promise<void> {
  const folder = `${programDir(tool)}.tmp`
  const env = { ...goEnvironment, GOBIN: folder }
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w']
  await runCommand(['nice', 'go', 'install', ...flags, toolPackages[tool]], { env, logFile, cwd: cacheDir })
  renameSync(join(folder, tool), programPath(tool))
  rmdirSync(folder)
}

async function goBuild(
  program: Program,
  target: string,
  place: Readonly<{ source: string; logFile: string }>,
): Promise<void> {
  const fresh = `${programPath(program)}.tmp`
  await go(
    ['build', '-trimpath', '-buildvcs=false', '-mod=mod', '-ldflags', '-s -w', '-o', fresh, target],
    place.source,
    place.logFile,
  )
  renameSync(fresh, programPath(program))
}

async function go(args: readonly string[], cwd: string, logFile: string): Promise<void> {
  await runCommand(['nice', 'go', ...args], { cwd, env: goEnvironment, logFile })
}
