import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { SESSION_BINDINGS, type SessionBinding } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, type SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { type KubeMetrics, noMetrics } from '../../../src/kube/metrics.ts'
import type { Condition } from '../../../src/kube/types.ts'
import { installKind } from '../../contract/api/cluster.ts'
import { adminClient, newNamespace, TEST_MANAGER } from '../kube.ts'
import { until } from '../until.ts'
import { FakeServers } from './fakeservers.ts'
import { runPods } from './kubelet.ts'
import { type Rig, type RigOptions, startRig } from './rig.ts'

type Spec = SessionStore['spec']

/** Of the operator: its own client, when it is not the administrator, and how soon it tries again what it may not do. */
export type StageOptions = Pick<RigOptions, 'forbiddenRetryMs'> &
  Readonly<{
    client?: KubeClient
    /** Called once the namespace is there, before the operator starts. */
    prepare?: (admin: KubeClient, namespace: string) => Promise<void>
  }>

/** One namespace with an operator on it, and the hands of the people and controllers around it. */
export class Stage {
  /** The administrator's. */
  readonly client: KubeClient
  readonly namespace: string
  readonly #operator: StageOptions
  readonly servers = new FakeServers()
  /** More namespaces that the operator sees, and kinds that it may not: from its next start on. */
  readonly others: string[] = []
  readonly forbidden = new Set<string>()
  rig: Rig

  /** Reconciles of the operator since it was started first. */
  reconciles = 0
  readonly metrics: KubeMetrics = {
    ...noMetrics,
    controller: (...of) => {
      const started = (): void => {
        this.reconciles += 1
      }
      return { ...noMetrics.controller(...of), started }
    },
  }

  private constructor(client: KubeClient, namespace: string, options: StageOptions) {
    this.client = client
    this.namespace = namespace
    this.#operator = options
    this.rig = undefined as unknown as Rig
  }

  /** In a namespace of this name, or of one that is made up. */
  static async open(name?: string, options: StageOptions = {}): Promise<Stage> {
    const client = await adminClient()
    for (const kind of KINDS) await installKind(client, kind)
    const namespace = await newNamespace(client, name)
    await options.prepare?.(client, namespace)
    const stage = new Stage(client, namespace, options)
    stage.rig = await stage.#start()
    return stage
  }

  async close(): Promise<void> {
    await this.rig.stop()
    await this.client.close()
  }

  /** Another process takes over: nothing is remembered. */
  async restart(): Promise<void> {
    await this.rig.stop()
    this.rig = await this.#start()
  }

  #start(): Promise<Rig> {
    const { client, namespace, servers, metrics } = this
    const { others, forbidden } = this
    return startRig({ client, namespace, others, forbidden, servers, metrics, ...this.#operator })
  }

  ref(name: string): Readonly<{ namespace: string; name: string }> {
    return { namespace: this.namespace, name }
  }

  async createStore(name: string, spec: Spec = {}): Promise<void> {
    const { apiVersion, kind } = SESSION_STORES
    const store: SessionStore = { apiVersion, kind, metadata: this.ref(name), spec }
    await this.client.create(SESSION_STORES, store, { fieldManager: TEST_MANAGER })
  }

  async createBinding(name: string, spec: SessionBinding['spec'], namespace = this.namespace): Promise<void> {
    const { apiVersion, kind } = SESSION_BINDINGS
    const binding: SessionBinding = { apiVersion, kind, metadata: { namespace, name }, spec }
    await this.client.create(SESSION_BINDINGS, binding, { fieldManager: TEST_MANAGER })
  }

  async changeStore(name: string, spec: object): Promise<void> {
    const change = { kind: 'merge', body: { spec }, fieldManager: TEST_MANAGER } as const
    await this.client.patch(SESSION_STORES, this.ref(name), change)
  }

  /** A store whose pods run and whose servers are up, at rest. */
  async runningStore(name: string, spec: Spec = {}): Promise<void> {
    await this.createStore(name, spec)
    await this.awaitStore(name, ({ status }) => status?.selector !== undefined, 'its objects')
    await runPods(this.client, this.ref(name))
    await this.awaitReady(name)
  }

  async awaitReady(name: string): Promise<void> {
    await this.awaitStore(name, (store) => conditionOf(store, 'Ready')?.status === 'True', 'to be Ready')
    await this.awaitStore(name, (store) => conditionOf(store, 'Reconciling')?.status === 'False', 'to be up to date')
    await this.rig.settle()
  }

  store(name: string): Promise<SessionStore> {
    return this.client.get(SESSION_STORES, this.ref(name))
  }

  async awaitStore(name: string, is: (store: SessionStore) => boolean, what: string): Promise<SessionStore> {
    return until(
      async (see) => {
        const store = await this.store(name)
        see({ status: store.status, last: this.rig.log.lines.slice(-3) })
        return is(store) && store
      },
      { what: `store ${name}: ${what}`, deadlineMs: 20_000, everyMs: 50 },
    )
  }

  async awaitBinding(name: string, reason: string, namespace = this.namespace): Promise<SessionBinding> {
    return until(
      async (see) => {
        const binding = await this.client.get(SESSION_BINDINGS, { namespace, name })
        see(binding.status)
        const reasons = binding.status?.conditions?.map((condition) => condition.reason)
        return reasons?.includes(reason) && binding
      },
      { what: `binding ${name}: ${reason}`, deadlineMs: 20_000, everyMs: 50 },
    )
  }

  /** The requests since the last call, sorted. */
  takeRequests(): readonly string[] {
    return this.rig.requests.splice(0).sort()
  }
}

/** A condition of a store or binding. */
export function conditionOf(
  object: Readonly<{ status?: Readonly<{ conditions?: readonly unknown[] }> }>,
  type: string,
): Condition | undefined {
  const conditions = (object.status?.conditions ?? []) as readonly Condition[]
  return conditions.find((condition) => condition.type === type)
}
