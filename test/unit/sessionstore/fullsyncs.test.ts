import { expect } from 'chai'
import { FullSyncs } from '../../../src/sessionstore/fullsyncs.ts'
import { isReached, type MemberFacts } from '../../../src/sessionstore/plan/facts.ts'
import { facts } from '../../support/topology/words.ts'

type Counts = Readonly<{ copies?: number; cuts?: number; run?: string }>

/** A store of three in which s-1 is as the words say. */
function look(words: string, { copies = 0, cuts = 0, run = 'a' }: Counts = {}): readonly MemberFacts[] {
  return facts('', ['s-0 primary', `s-1 ${words}`, 's-2']).members.map((member) => {
    if (!isReached(member)) return member
    const more = member.name === 's-0' ? { fullCopies: copies, bufferCuts: cuts } : { runId: `${member.name} ${run}` }
    return { ...member, probe: { ...member.probe, ...more } }
  })
}

class Bench {
  readonly syncs = new FullSyncs()

  see(seconds: number, words: string, counts: Counts = {}): string {
    const members = look(words, counts)
    const loops = this.syncs.note(members[0], members, seconds * 1000)
    return loops.map(({ member, cause }) => `${member} ${cause}`).join()
  }
}

describe('FullSyncs', () => {
  it('takes a member that joins for no loop', () => {
    const bench = new Bench()
    bench.see(0, 'cut')

    expect(bench.see(1, 'syncing', { copies: 1 })).to.equal('')
    expect(bench.see(9, 'cut', { copies: 2 })).to.equal('')
  })

  it('tells a third copy without a link that lasts, and what cut them', () => {
    const bench = new Bench()
    bench.see(0, 'cut')
    bench.see(1, '', { copies: 2 })

    expect(bench.see(20, 'cut', { copies: 3 })).to.equal('s-1 LinkDrops')
    expect(bench.see(21, 'syncing', { copies: 3, cuts: 3 })).to.equal('s-1 BufferOverflow')
    expect(bench.see(22, 'cut', { copies: 3, run: 'b' })).to.equal('s-1 Restarts')
  })

  it('forgets it after a link of 30 s', () => {
    const bench = new Bench()
    bench.see(0, 'cut')
    bench.see(5, '', { copies: 3 })

    expect(bench.syncs.dueMs).to.equal(35_000)
    expect(bench.see(34, '', { copies: 3 })).to.equal('s-1 LinkDrops')
    expect(bench.see(35, '', { copies: 3 })).to.equal('')
    expect(bench.syncs.dueMs).to.equal(undefined)
  })

  it('counts three copies for each of those that are without a link', () => {
    const bench = new Bench()
    const both = (copies: number): readonly MemberFacts[] =>
      look('cut', { copies }).map((member) =>
        member.name === 's-2' && isReached(member)
          ? { ...member, probe: { ...member.probe, isLinkUp: false } }
          : member,
      )
    const see = (members: readonly MemberFacts[]) => bench.syncs.note(members[0], members, 0)
    see(both(0))

    expect(see(both(5))).to.deep.equal([])
    expect(see(both(6))).to.have.length(2)
  })

  it('begins anew under another primary, and without one', () => {
    const bench = new Bench()
    bench.see(0, 'cut')
    bench.syncs.note(undefined, [], 0)

    expect(bench.see(1, 'cut', { copies: 9 })).to.equal('')
  })
})
