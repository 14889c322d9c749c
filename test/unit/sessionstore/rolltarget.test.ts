import { expect } from 'chai'
import type { SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { Pod, StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { type InForce, pinnedSpec } from '../../../src/sessionstore/inforce.ts'
import { decideRoll, type Rendered, type RollInputs } from '../../../src/sessionstore/rolltarget.ts'

const OLD: SessionStoreSpec = { engine: 'Redis', version: '7.0' }
const NEW: SessionStoreSpec = { engine: 'Redis', version: '8.0' }
const BAD: SessionStoreSpec = { ...OLD, image: 'docker.io/library/redis:none' }
const TROUBLE = { pod: 's-2', kind: 'ImagePull', detail: 'not found' }

/** What stands for the hash of a template: what only a restart changes. */
function hashOf(spec: SessionStoreSpec): string {
  return `hash of ${spec.image ?? spec.version ?? 'default'}`
}

type Live = Partial<InForce> & Readonly<{ hash?: string; image?: string; isVirgin?: boolean }>

/** A StatefulSet that was made from a spec, and every pod of it. */
function setOf(spec: SessionStoreSpec, live: Live = {}): StatefulSet {
  const { hash = hashOf(spec), image, isVirgin, ...rest } = live
  const annotations = {
    [ANNOTATIONS.image]: image ?? spec.image ?? `docker.io/library/redis:${spec.version}`,
    [ANNOTATIONS.inForce]: JSON.stringify({ spec, rendered: hashOf(spec), ...rest }),
    ...(!isVirgin && { [ANNOTATIONS.mark]: '{}' }),
  }
  const template = { metadata: { annotations: { [ANNOTATIONS.configHash]: hash } } }
  const metadata = { name: 's', annotations }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { replicas: 3, template },
  } as unknown as StatefulSet
}

/** Pods by the hash they were made with; `!` before it: not ready. */
function podsOf(...hashes: readonly string[]): readonly Pod[] {
  return hashes.map((text, ordinal) => {
    const isReady = !text.startsWith('!')
    const annotations = { [ANNOTATIONS.configHash]: text.replace('!', '') }
    const status = { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] }
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `s-${ordinal}`, annotations }, status } as unknown as Pod
  })
}

function decide(raw: SessionStoreSpec, statefulSet: StatefulSet | undefined, more: Partial<RollInputs<Rendered>> = {}) {
  const inputs: RollInputs<Rendered> = {
    raw,
    statefulSet,
    pods: [],
    troubles: [],
    resolve: (spec) => pinnedSpec(spec, statefulSet),
    render: (spec) => ({ raw: spec, spec: pinnedSpec(spec, statefulSet), rendered: hashOf(spec) }),
    ...more,
  }
  return decideRoll(inputs)
}

const [O, N, B] = [hashOf(OLD), hashOf(NEW), hashOf(BAD)]
const GOOD = { spec: OLD, image: 'docker.io/library/redis:7.0', rendered: O, hash: O }

describe('decideRoll(): a roll', () => {
  it('begins with a new spec, and the last good template is kept until every pod has the new one', () => {
    const { hash, inForce, obstacle } = decide(NEW, setOf(OLD), { pods: podsOf(O, O, O) })

    expect(hash).to.equal(N)
    expect(inForce).to.deep.equal({ spec: NEW, rendered: N, good: GOOD, minVersion: '7.0' })
    expect(obstacle).to.equal(undefined)
  })

  it('keeps the older one when the spec changes again on the way: nobody knows yet whether the second is good', () => {
    const { inForce } = decide(BAD, setOf(NEW, { good: GOOD }), { pods: podsOf(O, O, N) })

    expect(inForce.good).to.deep.equal(GOOD)
  })

  it('is over when every pod has the new one and is ready', () => {
    const live = setOf(NEW, { good: GOOD, minVersion: '8.0' })

    expect(decide(NEW, live, { pods: podsOf(N, N, `!${N}`) }).inForce.good).to.deep.equal(GOOD)
    expect(decide(NEW, live, { pods: podsOf(N, N, N) }).inForce).to.deep.equal({
      spec: NEW,
      rendered: N,
      minVersion: '8.0',
    })
  })

  it('goes back without a word when the spec does', () => {
    const { hash, inForce, obstacle } = decide(OLD, setOf(NEW, { good: GOOD }), { pods: podsOf(O, O, `!${N}`) })

    expect(hash).to.equal(O)
    expect(inForce.good).to.equal(undefined)
    expect(obstacle).to.equal(undefined)
  })

  it('says nothing more of a store that never rolled', () => {
    const { inForce, minVersion } = decide(OLD, setOf(OLD), { pods: podsOf(O, O, O), primaryVersion: '7.0' })

    expect(inForce).to.deep.equal({ spec: OLD, rendered: O })
    expect(minVersion).to.equal('7.0')
  })
})

describe('decideRoll(): a roll that fails at its first pod', () => {
  const rolling = setOf(BAD, { good: GOOD })
  const failed = decide(BAD, rolling, { pods: podsOf(O, O, `!${B}`), troubles: [TROUBLE] })

  it('puts the last good template back at once', () => {
    expect(failed.hash).to.equal(O)
    expect(JSON.parse(JSON.stringify(failed.inForce.spec))).to.deep.equal(OLD)
    expect(failed.inForce.good).to.equal(undefined)
    expect(failed.spec.image).to.equal('docker.io/library/redis:7.0')
  })

  it('says which pod, why, and what to correct', () => {
    expect(failed.obstacle).to.deep.equal({
      reason: 'RollFailed',
      message:
        'pod s-2 did not start with the new template: ImagePull (not found); the last good template is back and no other pod was touched; correct spec.image',
    })
  })

  const after = setOf(failed.inForce.spec, failed.inForce)

  it('is not tried again while the spec is the same, but for what needs no restart', () => {
    const again = decide({ ...BAD, eviction: 'noeviction', replicas: 5 }, after, { pods: podsOf(O, O, O) })

    expect(again.hash).to.equal(O)
    expect(again.raw).to.include({ eviction: 'noeviction', replicas: 5, version: '7.0' })
    expect(again.obstacle?.reason).to.equal('RollFailed')
  })

  it('is tried again with another spec', () => {
    const again = decide({ ...BAD, image: 'docker.io/library/redis:other' }, after, { pods: podsOf(O, O, O) })

    expect(again.hash).to.equal('hash of docker.io/library/redis:other')
    expect(again.inForce.failed).to.equal(undefined)
    expect(again.obstacle).to.equal(undefined)
  })

  it('heals when the spec is set back', () => {
    const healed = decide(OLD, after, { pods: podsOf(O, O, O) })

    expect(healed.inForce).to.deep.equal({ spec: OLD, rendered: O })
    expect(healed.obstacle).to.equal(undefined)
  })

  it('leaves a pod in trouble alone that has the good template', () => {
    const { hash, obstacle } = decide(NEW, setOf(NEW, { good: GOOD }), {
      pods: podsOf(O, `!${O}`, N),
      troubles: [{ ...TROUBLE, pod: 's-1' }],
    })

    expect(hash).to.equal(N)
    expect(obstacle).to.equal(undefined)
  })

  it('does not go back to a version that cannot read what the newer primary wrote', () => {
    const { hash, obstacle } = decide(NEW, setOf(NEW, { good: GOOD }), {
      pods: podsOf(`!${N}`, N, N),
      troubles: [{ ...TROUBLE, pod: 's-0' }],
      primaryVersion: '8.0',
    })

    expect(hash).to.equal(N)
    expect(obstacle).to.equal(undefined)
  })

  it('has nothing to go back to before there was a first primary', () => {
    const { hash, inForce } = decide(NEW, setOf(BAD, { isVirgin: true }), {
      pods: podsOf(`!${B}`),
      troubles: [TROUBLE],
    })

    expect(hash).to.equal(N)
    expect(inForce.good).to.equal(undefined)
  })
})

describe('decideRoll(): a version that a newer primary does not allow any more', () => {
  const refused = decide({ ...OLD, eviction: 'noeviction' }, setOf(NEW), {
    pods: podsOf(N, N, N),
    primaryVersion: '8.0',
  })

  it('is refused, and nothing is rolled', () => {
    expect(refused.hash).to.equal(N)
    expect(refused.spec.version).to.equal('8.0')
    expect(refused.obstacle?.reason).to.equal('VersionRefused')
    expect(refused.minVersion).to.equal('8.0')
  })

  it('leaves the rest of the spec in force', () => {
    expect(refused.spec.eviction).to.equal('noeviction')
  })

  const rows: readonly [rule: string, live: Live, primaryVersion: string | undefined, want: string | undefined][] = [
    ['is refused when the primary does not answer', {}, undefined, 'VersionRefused'],
    ['is refused in the middle of a roll whose primary is new', { good: GOOD }, '8.0', 'VersionRefused'],
    [
      'is refused in the middle of a roll whose new primary was seen',
      { good: GOOD, minVersion: '8.0' },
      undefined,
      'VersionRefused',
    ],
    ['is allowed in the middle of a roll while the primary is old', { good: GOOD }, '7.0', undefined],
    ['is allowed before there was a primary', { isVirgin: true }, undefined, undefined],
  ]
  for (const [rule, live, primaryVersion, want] of rows) {
    it(rule, () => {
      const { obstacle } = decide(OLD, setOf(NEW, live), {
        pods: podsOf(N, N, N),
        ...(primaryVersion !== undefined && { primaryVersion }),
      })

      expect(obstacle?.reason).to.equal(want)
    })
  }

  it('notes the version of an image that only the server can tell', () => {
    const own: SessionStoreSpec = { engine: 'Redis', image: 'mirror.example/redis:x' }
    const { inForce, minVersion } = decide(own, setOf(own), { pods: podsOf(hashOf(own)), primaryVersion: '8.0' })

    expect([inForce.minVersion, minVersion]).to.deep.equal(['8.0', '8.0'])
  })
})

describe('decideRoll(): the image that nobody names any more', () => {
  const own: SessionStoreSpec = { engine: 'Redis', image: 'mirror.example/redis:x' }

  it('gives way to the newest tested one', () => {
    const { spec, hash } = decide({ engine: 'Redis' }, setOf(own), { primaryVersion: '7.0' })

    expect(spec.image).to.equal('docker.io/library/redis:8.0')
    expect(hash).to.equal('hash of default')
  })

  it('is kept where its name was only a version: removing that changes nothing', () => {
    const { spec } = decide({ engine: 'Redis' }, setOf(OLD), { primaryVersion: '7.0' })

    expect(spec.image).to.equal('docker.io/library/redis:7.0')
  })

  it('gives way to the one that served before it, while that is not given up yet', () => {
    const free: SessionStoreSpec = { engine: 'Redis' }
    const good = { spec: free, image: 'docker.io/library/redis:7.0', rendered: hashOf(free), hash: 'hash of 7.0' }

    const { spec, hash } = decide(free, setOf(own, { good }), { primaryVersion: '7.0' })

    expect(spec.image).to.equal('docker.io/library/redis:7.0')
    expect(hash).to.equal('hash of 7.0')
  })

  it('follows the newest tested one with upgradePolicy Latest', () => {
    const { spec } = decide({ engine: 'Redis', upgradePolicy: 'Latest' }, setOf(OLD), { primaryVersion: '7.0' })

    expect(spec.image).to.equal('docker.io/library/redis:8.0')
  })
})
