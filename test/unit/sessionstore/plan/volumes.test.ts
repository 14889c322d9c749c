import { expect } from 'chai'
import {
  type ClaimFacts,
  claimsToExpand,
  describeGrowth,
  findVolumeObstacle,
  isTemplateBehind,
  judgeForeign,
  lacksClass,
  type VolumeFacts,
  volumesInForce,
} from '../../../../src/sessionstore/plan/volumes.ts'

const GI = 1024 ** 3

function claim(ordinal: number, change: Partial<ClaimFacts> = {}): ClaimFacts {
  return {
    name: `data-shop-${ordinal}`,
    ordinal,
    isOwn: true,
    dataUid: 'own',
    requestedBytes: GI,
    capacityBytes: GI,
    isBound: true,
    isTerminating: false,
    storageClassName: 'fast',
    ...change,
  }
}

const three = (change: Partial<ClaimFacts> = {}) => [0, 1, 2].map((ordinal) => claim(ordinal, change))
const foreign = { isOwn: false, dataUid: 'old' } as const
const fast = { name: 'fast', isDefault: false, canExpand: true, createdMs: 1 } as const

/** A store whose volumes have 1Gi, with what differs. */
function facts(change: Partial<VolumeFacts> = {}): VolumeFacts {
  return Object.freeze({
    storeUid: 'own',
    wantedBytes: GI,
    defaultBytes: GI,
    memoryBytes: GI / 4,
    storageClassName: 'fast',
    adoptVolumes: false,
    set: { templateBytes: GI, replicas: 3, dataUid: 'own' },
    claims: three(),
    classes: [fast],
    ...change,
  })
}

/** The same before it has a StatefulSet. */
function fresh(change: Partial<VolumeFacts> = {}): VolumeFacts {
  const { set: _, ...rest } = facts({ claims: [], ...change })
  return rest
}

describe('volumesInForce()', () => {
  const { wantedBytes: _, storageClassName: __, ...unsaid } = fresh()
  const rows: readonly [rule: string, given: VolumeFacts, want: object][] = [
    ['are what the spec says', fresh({ wantedBytes: 5 * GI }), { sizeBytes: 5 * GI, storageClassName: 'fast' }],
    ['have the computed size where it says none', unsaid, { sizeBytes: GI }],
    [
      'have the newest of the default classes',
      {
        ...unsaid,
        classes: [
          { ...fast, name: 'old', isDefault: true, createdMs: 1 },
          { ...fast, name: 'new', isDefault: true, createdMs: 2 },
        ],
      },
      { storageClassName: 'new' },
    ],
    ['keep the size they have been given', facts({ wantedBytes: 9 * GI }), { sizeBytes: GI }],
    [
      'have that of the claims where the StatefulSet is gone',
      fresh({ claims: three({ requestedBytes: 3 * GI }) }),
      { sizeBytes: 3 * GI },
    ],
    ['carry the store itself in their records', fresh(), { dataUid: 'own' }],
    [
      'carry another store in their records after an adoption',
      fresh({ claims: three({ dataUid: 'old' }) }),
      { dataUid: 'old' },
    ],
    ['do not trust volumes of others about that', fresh({ claims: three(foreign) }), { dataUid: 'own' }],
  ]
  for (const [rule, given, want] of rows) it(rule, () => expect(volumesInForce(given)).to.deep.include(want))
})

describe('lacksClass()', () => {
  const { storageClassName: _, ...unnamed } = fresh()

  it('is about a new store that names none where none is the default', () => {
    expect(lacksClass({ ...unnamed, classes: [fast] })).to.equal(true)
    expect(lacksClass({ ...unnamed, classes: [{ ...fast, isDefault: true }] })).to.equal(false)
    expect(lacksClass(fresh())).to.equal(false)
  })

  it('leaves it to the API server where classes may not be read', () => {
    expect(lacksClass({ ...unnamed, classes: 'unknown' })).to.equal(false)
  })
})

describe('judgeForeign()', () => {
  const adopting = { adoptVolumes: true } as const
  const rows: readonly [rule: string, given: VolumeFacts, strangers: readonly string[], want: string][] = [
    ['finds nothing in the way of a new store', fresh(), [], 'none'],
    ['finds nothing in own volumes', fresh({ claims: three() }), [], 'none'],
    ['refuses those of a deleted store', fresh({ claims: three(foreign) }), [], 'adoptVolumes to true'],
    [
      'adopts them when told to',
      fresh({ ...adopting, claims: three(foreign) }),
      [],
      'adopt data-shop-0 data-shop-1 data-shop-2',
    ],
    [
      'goes on with an adoption that was cut short',
      fresh({ ...adopting, claims: [claim(0, { dataUid: 'old' }), claim(1, foreign)] }),
      [],
      'adopt data-shop-1',
    ],
    [
      'waits for those that are being deleted',
      fresh({ ...adopting, claims: [claim(0, { ...foreign, isTerminating: true })] }),
      [],
      'wait for their end',
    ],
    ['never adopts what carries no label of ours', fresh(adopting), ['data-shop-1'], 'belong to nobody known'],
    [
      'counts volumes beyond the replicas: the newest data may be there',
      fresh({ claims: [claim(4, foreign)] }),
      [],
      'adoptVolumes',
    ],
    [
      'adopts nothing that it would not mount',
      fresh({ ...adopting, claims: [claim(4, foreign)] }),
      [],
      'needs 5 replicas and spec.replicas is 3',
    ],
    [
      'does not mix the data of two stores',
      fresh({ ...adopting, claims: [claim(0, foreign), claim(1, { isOwn: false, dataUid: 'older' })] }),
      [],
      'more than one SessionStore',
    ],
    [
      'looks in a running store only at places that are new',
      facts({ claims: [...three(), claim(3, foreign)] }),
      [],
      'none',
    ],
  ]
  for (const [rule, given, strangers, want] of rows) {
    it(rule, () => {
      const verdict = judgeForeign(given, 3, strangers)
      const claims = verdict.kind === 'adopt' ? verdict.claims.map(({ name }) => ` ${name}`).join('') : ''

      expect(verdict.kind === 'refuse' ? verdict.message : verdict.kind + claims).to.include(want)
    })
  }

  it('lets a running store grow over no volume of a deleted one, told to or not', () => {
    const given = facts({ ...adopting, claims: [...three(), claim(3, foreign)] })

    expect(judgeForeign(given, 4, [])).to.include({ kind: 'refuse' })
  })
})

describe('growth of volumes', () => {
  const wanted = { wantedBytes: 2 * GI } as const
  const rigid = { classes: [{ ...fast, canExpand: false }] } as const
  const rows: readonly [
    rule: string,
    given: VolumeFacts,
    want: Readonly<{ expand?: number; behind?: true; obstacle?: string; growth?: string }>,
  ][] = [
    ['rests where they have their size', facts(), {}],
    ['asks for each that is smaller', facts(wanted), { expand: 3, growth: 'grow to 2Gi' }],
    [
      'waits for those that are not bound: only a bound claim can change',
      facts({ ...wanted, claims: three({ isBound: false }) }),
      {},
    ],
    [
      'asks for those that are left',
      facts({ ...wanted, claims: [claim(0, { requestedBytes: 2 * GI }), claim(1), claim(2)] }),
      { expand: 2, growth: 'grow' },
    ],
    [
      'brings the template up last',
      facts({ ...wanted, claims: three({ requestedBytes: 2 * GI }) }),
      { behind: true, growth: 'grow' },
    ],
    [
      'waits for the file systems',
      facts({ ...wanted, set: { templateBytes: 2 * GI, replicas: 3 }, claims: three({ requestedBytes: 2 * GI }) }),
      { growth: 'grow' },
    ],
    [
      'asks for nothing that the class forbids',
      facts({ ...wanted, ...rigid }),
      { obstacle: 'ExpansionNotAllowed', growth: 'grow' },
    ],
    [
      'takes a class that is not there for one that forbids it',
      facts({ ...wanted, classes: [] }),
      { obstacle: 'ExpansionNotAllowed', growth: 'grow' },
    ],
    ['tries where classes may not be read', facts({ ...wanted, classes: 'unknown' }), { expand: 3, growth: 'grow' }],
    [
      'tells what the API server said to it',
      facts({ ...wanted, classes: 'unknown', expansionRefused: 'no' }),
      { obstacle: 'ExpansionNotAllowed', growth: 'grow' },
    ],
    [
      'tells so, too, when one of them was made larger by hand',
      facts({
        wantedBytes: undefined as never,
        classes: 'unknown',
        expansionRefused: 'no',
        claims: [claim(0, { requestedBytes: 2 * GI }), claim(1), claim(2)],
      }),
      { obstacle: 'ExpansionNotAllowed', growth: 'grow' },
    ],
    ['does not shrink', facts({ wantedBytes: GI / 2 }), { obstacle: 'InvalidConfig' }],
    [
      'tells of a class that is waited for',
      facts({ classes: [], claims: three({ isBound: false }) }),
      { obstacle: 'StorageClassMissing' },
    ],
    ['needs no class for volumes that somebody made', facts({ classes: [] }), {}],
    ['tells of a memory that has outgrown them', facts({ memoryBytes: GI + 1 }), { obstacle: 'InvalidConfig' }],
    [
      'not of one for which they grow already',
      facts({ memoryBytes: 2 * GI, wantedBytes: 2 * GI }),
      { expand: 3, growth: 'grow' },
    ],
  ]
  for (const [rule, given, want] of rows) {
    it(rule, () => {
      expect(claimsToExpand(given)).to.have.length(want.expand ?? 0)
      expect(isTemplateBehind(given)).to.equal(want.behind ?? false)
      expect(findVolumeObstacle(given)?.reason).to.equal(want.obstacle)
      expect(describeGrowth(given) ?? '').to.include(want.growth ?? '')
      expect(describeGrowth(given) === undefined).to.equal(want.growth === undefined)
    })
  }

  it('offers the way back only while no volume has grown', () => {
    const partly = facts({ ...wanted, ...rigid, claims: [claim(0, { requestedBytes: 2 * GI }), claim(1), claim(2)] })

    expect(findVolumeObstacle(facts({ ...wanted, ...rigid }))?.message).to.include('back to 1Gi')
    expect(findVolumeObstacle(partly)?.message).to.include('stay at 1Gi').and.not.include('back to')
  })
})
