import { versions } from '../../../hack/paths.ts'
import { PODS, SECRETS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { bindingSecretName } from '../../../src/resources/names.ts'
import { until } from '../until.ts'
import { applyObject, findObject, getObject } from './api.ts'
import { kubectl, type Running, startProgram, tryKubectl } from './command.ts'

/** Image with the programs of test/cluster/client in /client. */
export const CLIENT_IMAGE = 'docker.io/sessionstore/client:dev'

/** Where the binding Secrets are mounted, one folder each. */
export const BINDING_ROOT = '/bindings'

/** A pod in which client programs are run. */
export type ClientPod = Readonly<{ namespace: string; name: string }>

export type ClientPodOptions = Readonly<{
  namespace: string
  /** Names of the SessionBindings whose Secrets are mounted, in the same namespace. */
  bindings: readonly string[]
  /** Default: `client`. */
  name?: string
  /** Where it runs. Default: the control plane, which no fault of a worker touches. */
  nodeName?: string
}>

/** Creates the pod and waits until programs can be run in it. */
export async function startClientPod(options: ClientPodOptions): Promise<ClientPod> {
  const { namespace, bindings, name = 'client' } = options
  for (const binding of bindings) {
    const secret = { namespace, name: bindingSecretName({ name: binding }) }
    await until(() => findObject(SECRETS, secret), { what: `Secret ${secret.name}`, deadlineMs: 60_000 })
  }
  await applyObject(PODS, podManifest({ ...options, name }))
  await until(
    async (see) => {
      const pod = await getObject(PODS, { namespace, name })
      see(pod.status)
      return pod.status?.containerStatuses?.[0]?.ready
    },
    { what: `pod ${namespace}/${name} to run`, deadlineMs: 90_000 },
  )
  return { namespace, name }
}

function podManifest({ namespace, bindings, name, nodeName }: ClientPodOptions & Readonly<{ name: string }>): Pod {
  const placement = nodeName
    ? { nodeSelector: { 'kubernetes.io/hostname': nodeName } }
    : { nodeSelector: { 'node-role.kubernetes.io/control-plane': '' } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      ...placement,
      tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'client',
          image: CLIENT_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '/client/hold.mjs'],
          env: [
            { name: 'SERVICE_BINDING_ROOT', value: BINDING_ROOT },
            { name: 'CLIENT_LIBRARIES', value: `redis ${versions.nodeRedis}, redis-py ${versions.redisPy}` },
          ],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'logs', mountPath: '/logs' },
            ...bindings.map((binding) => ({
              name: `binding-${binding}`,
              mountPath: `${BINDING_ROOT}/${binding}`,
              readOnly: true,
            })),
          ],
        },
      ],
      volumes: [
        { name: 'logs', emptyDir: {} },
        ...bindings.map((binding) => ({
          name: `binding-${binding}`,
          secret: { secretName: bindingSecretName({ name: binding }) },
        })),
      ],
    },
  }
}

/** Runs a program in the pod to its end and gives what it printed. */
export function execIn(client: ClientPod, argv: readonly string[], input?: string): Promise<string> {
  const args = ['exec', '-n', client.namespace, ...(input === undefined ? [] : ['-i']), client.name, '--', ...argv]
  return kubectl(args, { timeoutMs: 120_000, ...(input === undefined ? {} : { input }) })
}

/** Runs a program in the pod; a failure is a result. */
export function tryExecIn(client: ClientPod, argv: readonly string[]): ReturnType<typeof tryKubectl> {
  return tryKubectl(['exec', '-n', client.namespace, client.name, '--', ...argv], { timeoutMs: 60_000 })
}

/** Runs a program in the pod that prints one JSON object last. */
export async function execJson<T>(client: ClientPod, argv: readonly string[], input?: string): Promise<T> {
  const printed = (await execIn(client, argv, input)).trim().split('\n').at(-1) ?? ''
  return JSON.parse(printed) as T
}

/** Starts a program in the pod that goes on beside the test. */
export function startIn(client: ClientPod, argv: readonly string[]): Running {
  return startProgram(['kubectl', 'exec', '-i', '-n', client.namespace, client.name, '--', ...argv])
}
