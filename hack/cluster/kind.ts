import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand, tryCommand, until } from '../processes.ts'
import { clusterEnvironment } from './environment.ts'
import type { Machine } from './machine.ts'
import { routeToPods } from './network.ts'
import { auditDir, clusterName, kubeconfigFile, localImages, network, stateDir } from './places.ts'

/** The user whose requests the audit log is there to count. */
export const operatorUser = 'system:serviceaccount:sessionstore-system:sessionstore-operator'

const workers = 3

/** Creates the cluster (one control plane, three workers) unless it answers; one that does not is deleted first. */
export async function createCluster(machine: Machine, logFile: string): Promise<string> {
  const env = clusterEnvironment(machine.way)
  if (await hasHealthyCluster(env)) return 'already runs'
  await runCommand(['kind', 'delete', 'cluster', '--name', clusterName], { env, logFile })
  mkdirSync(auditDir, { recursive: true })
  mkdirSync('/lib/modules', { recursive: true })
  writeFileSync(join(auditDir, 'policy.yaml'), auditPolicy())
  writeFileSync(join(auditDir, 'audit.log'), '')
  const config = join(stateDir, 'kind.json')
  writeFileSync(config, JSON.stringify(clusterConfig(machine), null, 2))
  const image = machine.way === 'packages' ? ['--image', localImages.node] : []
  await runCommand(['kind', 'create', 'cluster', '--config', config, '--kubeconfig', kubeconfigFile, ...image], {
    env,
    logFile,
  })
  return `${1 + workers} nodes`
}

/** Waits until every node is Ready and the cluster's name server runs, then opens the way from this machine to the pods. */
export async function awaitNodes(machine: Machine, logFile: string): Promise<string> {
  const env = clusterEnvironment(machine.way)
  const wait = ['--timeout=180s']
  await runCommand(['kubectl', 'wait', '--for=condition=Ready', 'node', '--all', ...wait], { env, logFile })
  if (machine.way === 'packages') await openRoutes(env)
  await runCommand(['kubectl', '-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', ...wait], {
    env,
    logFile,
  })
  await runCommand(
    ['kubectl', '-n', 'local-path-storage', 'rollout', 'status', 'deployment/local-path-provisioner', ...wait],
    { env, logFile },
  )
  const names = await runCommand(['kubectl', 'get', 'nodes', '--output=name'], { env })
  const count = names.trim().split('\n').length
  if (count !== 1 + workers) throw new Error(`Cannot use the cluster: it has ${count} nodes, must have ${1 + workers}`)
  return `${count} nodes Ready`
}

/** Deletes the cluster if there is one. */
export async function deleteCluster(machine: Machine, logFile: string): Promise<void> {
  const env = clusterEnvironment(machine.way)
  await runCommand(['kind', 'delete', 'cluster', '--name', clusterName, '--kubeconfig', kubeconfigFile], {
    env,
    logFile,
  })
}

/** Loads an image archive into every node. */
export async function loadArchive(file: string, machine: Machine, logFile: string): Promise<void> {
  const env = clusterEnvironment(machine.way)
  await runCommand(['kind', 'load', 'image-archive', file, '--name', clusterName], { env, logFile })
}

async function hasHealthyCluster(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!existsSync(kubeconfigFile)) return false
  const clusters = await tryCommand(['kind', 'get', 'clusters'], { env })
  if (!clusters.stdout.split('\n').includes(clusterName)) return false
  const ready = ['kubectl', 'wait', '--for=condition=Ready', 'node', '--all', '--timeout=30s', '--request-timeout=35s']
  return (await tryCommand(ready, { env, timeoutMs: 45_000 })).code === 0
}

async function openRoutes(env: NodeJS.ProcessEnv): Promise<void> {
  const columns = [
    '{.spec.podCIDR}',
    '{.status.addresses[?(@.type=="InternalIP")].address}',
    '{.metadata.labels.node-role\\.kubernetes\\.io/control-plane}',
    '{.metadata.name}',
  ]
  const template = `{range .items[*]}${columns.join('{"|"}')}{"\\n"}{end}`
  await until(
    'a podCIDR and an address for every node',
    async () => {
      const text = await runCommand(['kubectl', 'get', 'nodes', `--output=jsonpath=${template}`], { env })
      const nodes = text
        .trim()
        .split('\n')
        .map((line) => {
          const [podCidr = '', address = '', , name = ''] = line.split('|')
          return { podCidr, address, isControlPlane: name.endsWith('control-plane') }
        })
      if (nodes.some((node) => node.podCidr === '' || node.address === '')) return false
      await routeToPods(nodes)
      return true
    },
    { timeoutMs: 30_000, everyMs: 500 },
  )
}

function clusterConfig(machine: Machine): object {
  const inPackages = machine.way === 'packages'
  const audit = { hostPath: auditDir, containerPath: '/etc/kubernetes/audit' }
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: clusterName,
    networking: {
      ...(inPackages ? { apiServerAddress: network.engineAddress, apiServerPort: network.apiPort } : {}),
      podSubnet: network.podSubnet,
      serviceSubnet: network.serviceSubnet,
      kubeProxyMode: 'iptables',
    },
    nodes: [
      { role: 'control-plane', extraMounts: [audit] },
      ...Array.from({ length: workers }, () => ({ role: 'worker' })),
    ],
    kubeadmConfigPatches: [JSON.stringify(kubeletPatch(machine)), JSON.stringify(controlPlanePatch())],
  }
}

/** A lost node is to be noticed within the patience of a test: by default it takes 50 s. */
function kubeletPatch(machine: Machine): object {
  return {
    kind: 'KubeletConfiguration',
    nodeStatusUpdateFrequency: '4s',
    nodeLeaseDurationSeconds: 16,
    // The node image made from packages has no systemd, which kind's default driver needs.
    ...(machine.way === 'packages' ? { cgroupDriver: 'cgroupfs' } : {}),
    ...(machine.cgroups === 'v1' ? { failCgroupV1: false } : {}),
  }
}

function controlPlanePatch(): object {
  const auditFolder = '/etc/kubernetes/audit'
  return {
    kind: 'ClusterConfiguration',
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    apiServer: {
      extraArgs: [
        { name: 'audit-policy-file', value: `${auditFolder}/policy.yaml` },
        { name: 'audit-log-path', value: `${auditFolder}/audit.log` },
        { name: 'default-not-ready-toleration-seconds', value: '10' },
        { name: 'default-unreachable-toleration-seconds', value: '10' },
      ],
      extraVolumes: [{ name: 'audit', hostPath: auditFolder, mountPath: auditFolder, readOnly: false }],
    },
    controllerManager: {
      extraArgs: [
        { name: 'node-monitor-grace-period', value: '16s' },
        { name: 'node-monitor-period', value: '2s' },
      ],
    },
  }
}

/** Metadata of every request by people and by the operator; nothing of the cluster's own traffic. */
function auditPolicy(): string {
  return JSON.stringify(
    {
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [
        { level: 'Metadata', users: [operatorUser] },
        {
          level: 'None',
          userGroups: [
            'system:nodes',
            'system:serviceaccounts:kube-system',
            'system:serviceaccounts:local-path-storage',
          ],
        },
        {
          level: 'None',
          users: [
            'system:kube-controller-manager',
            'system:kube-scheduler',
            'system:kube-proxy',
            'system:apiserver',
            'system:anonymous',
          ],
        },
        { level: 'Metadata' },
      ],
    },
    null,
    2,
  )
}
