import { expect } from 'chai'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { metadataOfPods } from '../../../src/resources/podtemplate.ts'
import { planPodMetadata } from '../../../src/sessionstore/podmetadata.ts'

type Values = Readonly<Record<string, string>>
type Metadata = Readonly<{ labels?: Values; annotations?: Values }>

const NOTE = ANNOTATIONS.podMetadata
const noted = (labels: readonly string[], annotations: readonly string[] = []): Values => ({
  [NOTE]: JSON.stringify({ labels, annotations }),
})

const rows: readonly [rule: string, live: Metadata, wanted: Metadata, want: unknown][] = [
  ['leaves a pod alone that nothing is asked of', { labels: { theirs: '1' } }, {}, undefined],
  [
    'adds what is asked for, and notes that it did',
    { labels: { theirs: '1' } },
    { labels: { team: 'web' } },
    { labels: { team: 'web' }, annotations: noted(['team']) },
  ],
  [
    'does nothing once it is there',
    { labels: { team: 'web' }, annotations: { note: 'x', ...noted(['team'], ['note']) } },
    { labels: { team: 'web' }, annotations: { note: 'x' } },
    undefined,
  ],
  [
    'changes a value',
    { labels: { team: 'web' }, annotations: noted(['team']) },
    { labels: { team: 'shop' } },
    { labels: { team: 'shop' } },
  ],
  [
    'takes away what came from the spec, and nothing of others',
    { labels: { team: 'web', theirs: '1' }, annotations: { note: 'x', ...noted(['team'], ['note']) } },
    {},
    { labels: { team: null }, annotations: { note: null, [NOTE]: null } },
  ],
  [
    'takes away one of two',
    { labels: { a: '1', b: '2' }, annotations: noted(['a', 'b']) },
    { labels: { a: '1' } },
    { labels: { b: null }, annotations: noted(['a']) },
  ],
  [
    'does not take away what is gone already',
    { labels: {}, annotations: noted(['team']) },
    {},
    { annotations: { [NOTE]: null } },
  ],
  [
    'takes a note that nobody can read for none',
    { annotations: { [NOTE]: '{' } },
    { labels: { team: 'web' } },
    { labels: { team: 'web' }, annotations: noted(['team']) },
  ],
]

describe('planPodMetadata()', () => {
  for (const [rule, live, wanted, want] of rows) {
    it(rule, () => {
      const pod = { metadata: { name: 's-0', ...live } }

      expect(planPodMetadata(pod, metadataOfPods({ podTemplate: { metadata: wanted } }))).to.deep.equal(want)
    })
  }

  it('leaves a pod alone that is leaving', () => {
    const pod = { metadata: { name: 's-0', deletionTimestamp: '2026-01-01T00:00:00Z' } }

    expect(planPodMetadata(pod, { labels: { team: 'web' }, annotations: {} })).to.equal(undefined)
  })
})
