import { expect } from 'chai'
import { SESSION_STORES, type SessionStoreSpec } from '../../src/api/v1alpha1/sessionstore.ts'
import { clusterScoped, EVENTS, namespaced, PODS } from '../../src/kube/resources.ts'
import type { KubeObject, Resource } from '../../src/kube/types.ts'
import { applyObject, callJson, deleteObject, listObjects, mergePatch, pathOf } from '../support/cluster/api.ts'
import { CLIENT_IMAGE } from '../support/cluster/client.ts'
import { kubectl } from '../support/cluster/command.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { untilHealed, untilStalled } from '../support/cluster/stalled.ts'
import { applyStore, podRuns, type StoreRef, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

const ADMISSION = 'admissionregistration.k8s.io/v1'
const QUOTAS = namespaced('v1', 'ResourceQuota', 'resourcequotas')
const RANGES = namespaced('v1', 'LimitRange', 'limitranges')
const POLICIES = clusterScoped(ADMISSION, 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies')
const POLICY_BINDINGS = clusterScoped(
  ADMISSION,
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
)

function patchSpec(ref: StoreRef, spec: object): Promise<unknown> {
  return mergePatch(SESSION_STORES, ref, { body: { spec } })
}

describe('what a pod needs and does not get', function () {
  this.timeout(400_000)
  const namespace = useNamespace('obstacles')
  const store = (name: string): StoreRef => ({ namespace, name })

  // All at once, as each of them takes its time.
  before(async () => {
    const specs: Readonly<Record<string, SessionStoreSpec>> = {
      image: { image: 'docker.io/valkey/valkey:no-such-tag' },
      loop: { image: CLIENT_IMAGE },
      huge: { capacity: { maxMemory: '900Gi' } },
      grown: {},
    }
    for (const [name, spec] of Object.entries(specs)) await applyStore(store(name), { replicas: 1, ...spec })
  })

  it('is an image that does not come, until the image is another', async () => {
    const { message } = await untilStalled(store('image'), 'ImagePullFailed')

    await patchSpec(store('image'), { image: null })
    await untilHealed(store('image'))
    expect(message).to.contain('pod image-0').and.contain('valkey:no-such-tag').and.contain('spec.image')
  })

  it('is a Node with so much memory, until it asks for less', async () => {
    const { message } = await untilStalled(store('huge'), 'Unschedulable')

    await patchSpec(store('huge'), { capacity: null })
    await untilHealed(store('huge'))
    expect(message).to.contain('pod huge-0: Insufficient memory')
  })

  it('is room to grow, until it asks for less: without a restart', async () => {
    await untilSettled(store('grown'))
    const before = await podRuns(store('grown'))
    await patchSpec(store('grown'), { capacity: { maxMemory: '900Gi' } })
    const { message } = await untilStalled(store('grown'), 'ResizeInfeasible')

    await patchSpec(store('grown'), { capacity: null })
    await untilHealed(store('grown'))
    expect(message).to.contain('pod grown-0')
    expect(await podRuns(store('grown'))).to.deep.equal(before)
  })

  it('is a program that runs, until the image has one', async () => {
    const { message } = await untilStalled(store('loop'), 'CrashLoop')

    await patchSpec(store('loop'), { image: null })
    await untilHealed(store('loop'))
    expect(message).to.contain('exit code 127').and.contain('kubectl logs loop-0 --previous')
  })
})

describe('what a namespace does not allow', function () {
  this.timeout(400_000)
  const full = useNamespace('obstacles-quota')
  const narrow = useNamespace('obstacles-range')
  const guarded = useNamespace('obstacles-policy')
  const policy = { name: guarded }

  function ruleOf(resource: Resource, namespace: string, spec: object): KubeObject {
    const { apiVersion, kind } = resource
    return { apiVersion, kind, metadata: { name: 'rule', ...(namespace && { namespace }) }, spec } as KubeObject
  }

  /** Whether a pod would be admitted; undefined: refused by the policy, which the API server takes up some time after its creation. */
  async function tryPod(namespace: string): Promise<'admitted' | undefined> {
    const securityContext = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    }
    const spec = { containers: [{ name: 'probe', image: CLIENT_IMAGE, securityContext }] }
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'probe' }, spec }
    const call = { method: 'POST', query: { dryRun: 'All' }, contentType: 'application/json', body } as const
    try {
      await callJson(pathOf(PODS, { namespace }), call)
      return 'admitted'
    } catch (error) {
      if (String(error).includes('no pods on Sundays')) return undefined
      throw error
    }
  }

  before(async () => {
    await applyObject(QUOTAS, ruleOf(QUOTAS, full, { hard: { 'requests.memory': '100Mi' } }))
    const limits = [{ type: 'Container', max: { memory: '100Mi' } }]
    await applyObject(RANGES, ruleOf(RANGES, narrow, { limits }))
    const spec = {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': guarded } },
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      validations: [{ expression: 'false', message: 'no pods on Sundays' }],
    }
    await applyObject(POLICIES, { ...ruleOf(POLICIES, '', spec), metadata: policy })
    const binding = { policyName: guarded, validationActions: ['Deny'] }
    await applyObject(POLICY_BINDINGS, { ...ruleOf(POLICY_BINDINGS, '', binding), metadata: policy })
    await until(
      async (see) => {
        const verdict = await tryPod(guarded)
        see(verdict)
        return verdict === undefined
      },
      {
        what: 'the policy to be in force',
        deadlineMs: 30_000,
      },
    )
    for (const namespace of [full, narrow, guarded]) await applyStore({ namespace, name: 'shop' }, { replicas: 1 })
  })

  after(async () => {
    await deleteObject(POLICY_BINDINGS, policy)
    await deleteObject(POLICIES, policy)
  })

  it('is named when it is a quota, and gone with it', async () => {
    const ref = { namespace: full, name: 'shop' }
    const { message } = await untilStalled(ref, 'QuotaExceeded')

    await deleteObject(QUOTAS, { namespace: full, name: 'rule' })
    await untilHealed(ref)
    expect(message).to.contain('ResourceQuota "rule" has no room for pod "shop-0" (requests.memory=')
  })

  it('is named when it is a LimitRange, and gone with it', async () => {
    const ref = { namespace: narrow, name: 'shop' }
    const { message } = await untilStalled(ref, 'LimitRangeViolated')

    await deleteObject(RANGES, { namespace: narrow, name: 'rule' })
    await untilHealed(ref)
    expect(message).to.contain('maximum memory usage per Container is 100Mi')
  })

  it('is named when it is a policy, and gone with it', async () => {
    const ref = { namespace: guarded, name: 'shop' }
    const { message } = await untilStalled(ref, 'AdmissionRefused')

    await deleteObject(POLICY_BINDINGS, policy)
    await untilHealed(ref)
    expect(message).to.contain('no pods on Sundays')
  })
})

describe('a pod that is evicted', function () {
  this.timeout(300_000)
  const namespace = useNamespace('obstacles-evicted')

  it('is replaced, and told', async () => {
    const ref = { namespace, name: 'shop' }
    const limits = [{ type: 'Container', default: { 'ephemeral-storage': '30Mi' } }]
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace, name: 'disk' }, spec: { limits } }
    await applyObject(RANGES, range)
    await applyStore(ref, { replicas: 3 })
    await untilSettled(ref)
    const before = await podRuns(ref)

    await kubectl(['exec', '-n', namespace, 'shop-2', '--', 'dd', 'if=/dev/zero', 'of=/data/fill', 'bs=1M', 'count=90'])
    const event = await until(
      async (see) => {
        const events = await listObjects(EVENTS, { namespace })
        see(events.map(({ reason }) => reason))
        return events.find(({ reason, regarding }) => reason === 'PodEvicted' && regarding?.name === 'shop')
      },
      { what: 'the event PodEvicted', deadlineMs: 120_000 },
    )
    await until(async () => (await podRuns(ref))['shop-2'] !== before['shop-2'], {
      what: 'another pod in its place',
      deadlineMs: 60_000,
    })
    await untilHealed(ref)
    expect(event.note).to.contain('pod shop-2 was evicted')
  })
})
