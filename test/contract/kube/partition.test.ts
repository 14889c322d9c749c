import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import { LeaderElector } from '../../../src/kube/lease.ts'
import { LEASES } from '../../../src/kube/resources.ts'
import { adminAccess, adminClient, clientWith, newNamespace, TEST_MANAGER, throughPort } from '../../support/kube.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

describe('a leader that is cut off from the API server', () => {
  const faults: readonly [name: string, act: (proxy: TcpProxy) => void][] = [
    [
      'silently, as when a host loses its network',
      (proxy) => {
        proxy.freeze()
        proxy.refuse()
      },
    ],
    [
      'by resets, as when the API server dies',
      (proxy) => {
        proxy.cut()
        proxy.refuse()
      },
    ],
  ]
  let direct: KubeClient
  let broken: KubeClient
  let proxy: TcpProxy
  let namespace: string
  const stop = new AbortController()

  before(async () => {
    direct = await adminClient()
    namespace = await newNamespace(direct)
  })

  beforeEach(async () => {
    const access = await adminAccess()
    proxy = await startTcpProxy(Number(new URL(access.server).port))
    broken = clientWith(throughPort(access, proxy.port))
  })

  afterEach(async () => {
    await broken.close()
    await proxy.close()
  })

  after(async () => {
    stop.abort()
    await direct.close()
  })

  function newElector(client: KubeClient, identity: string, lease: string): LeaderElector {
    const periods = { leaseDurationMs: 2_000, renewDeadlineMs: 1_200, retryPeriodMs: 400 }
    return new LeaderElector({ client, namespace, name: lease, identity, fieldManager: TEST_MANAGER, ...periods })
  }

  /** Resolves once the lease was renewed from now on. */
  async function renewal(lease: string): Promise<void> {
    const read = async () => (await direct.get(LEASES, { namespace, name: lease })).spec?.renewTime
    const before = await read()
    await until(async () => (await read()) !== before, { what: 'a renewal', deadlineMs: 5_000, everyMs: 20 })
  }

  it('keeps the lease when only its open connections are dead', async () => {
    const elector = newElector(broken, 'stays', 'half-open')
    await elector.acquire(stop.signal)
    await renewal('half-open')

    proxy.freeze()
    await renewal('half-open')
    await renewal('half-open')

    expect([elector.isLeader(), elector.lost.aborted]).to.deep.equal([true, false])
    await elector.release()
  })

  for (const [index, [name, act]] of faults.entries()) {
    it(`${name}: it stops before the other one starts`, async () => {
      const lease = `partition-${index}`
      const first = newElector(broken, 'first', lease)
      await first.acquire(stop.signal)
      const second = newElector(direct, 'second', lease)
      const acquired = second.acquire(stop.signal)
      await renewal(lease)

      const order: string[] = []
      const cutAtMs = performance.now()
      first.lost.addEventListener('abort', () => order.push('first stops'))
      act(proxy)
      await acquired
      order.push('second starts')
      const tookMs = performance.now() - cutAtMs
      await second.release()

      expect(order).to.deep.equal(['first stops', 'second starts'])
      expect(tookMs).to.be.below(4_000)
    })
  }
})
