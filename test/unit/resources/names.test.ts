import { expect } from 'chai'
import fc from 'fast-check'
import { INTERNAL_USERS } from '../../../src/redis/acl.ts'
import {
  authoritySecretName,
  bindingSecretName,
  configMapName,
  podHost,
  podHostAbsolute,
  podName,
  podOrdinal,
  SERVICE_ROLES,
  serviceAccountName,
  serviceHost,
  serviceName,
  tlsSecretName,
  userSecretName,
  usersSecretName,
} from '../../../src/resources/names.ts'
import { SHOP } from './samples.ts'

type Named = Readonly<{ name: string }>

/** Every child name by the kind that it must be unique in. */
const CHILDREN: Readonly<Record<string, readonly ((owner: Named) => string)[]>> = {
  Secret: [
    usersSecretName,
    tlsSecretName,
    authoritySecretName,
    bindingSecretName,
    ...INTERNAL_USERS.map((user) => (store: Named) => userSecretName(store, user)),
  ],
  Service: SERVICE_ROLES.map((role) => (store: Named) => serviceName(store, role)),
  ConfigMap: [configMapName],
  ServiceAccount: [serviceAccountName],
}
const storeName = fc.stringMatching(/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/)
const suffix = fc.constantFrom('', '-users', '-user', '-tls', '-primary', '-config', '-0', '-session-binding')

describe('child names', () => {
  for (const [kind, makers] of Object.entries(CHILDREN)) {
    it(`no two stores or bindings meet in a ${kind}`, () => {
      fc.assert(
        fc.property(storeName, suffix, fc.nat(), fc.nat(), (base, added, left, right) => {
          const owners = [{ name: base }, { name: `${base}${added}` }] as const
          const makeLeft = makers[left % makers.length] ?? expect.fail('no maker')
          const makeRight = makers[right % makers.length] ?? expect.fail('no maker')
          const isSame = makeLeft === makeRight && owners[0].name === owners[1].name

          expect(makeLeft(owners[0]) === makeRight(owners[1])).to.equal(isSame)
        }),
      )
    })

    it(`no suffix of a ${kind} ends with another`, () => {
      const suffixes = makers.map((make) => make({ name: '' }))
      const clashes = suffixes.filter((one) => suffixes.some((other) => other !== one && one.endsWith(other)))

      expect(clashes).to.deep.equal([])
    })

    it(`the longest store name fits into a ${kind} name of 63 characters`, () => {
      const lengths = makers.map((make) => make({ name: 'x'.repeat(40) }).length)

      expect(Math.max(...lengths)).to.be.at.most(63)
    })
  }

  it('a store named default does not meet the ServiceAccount default', () => {
    expect(serviceAccountName({ name: 'default' })).to.equal('default-server')
  })
})

describe('podHost()', () => {
  it('names the pod below the headless Service', () => {
    expect(podHost(SHOP, 'shop-1', 'cluster.local')).to.equal('shop-1.shop-nodes.web.svc.cluster.local')
  })

  it('has an absolute form with a trailing dot', () => {
    expect(podHostAbsolute(SHOP, 'shop-1', 'k8s.example')).to.equal('shop-1.shop-nodes.web.svc.k8s.example.')
  })

  it('Services are named without the domain', () => {
    expect(serviceHost(SHOP, 'primary')).to.equal('shop-primary.web.svc')
  })
})

describe('podOrdinal()', () => {
  it('reads back what podName() writes', () => {
    expect([0, 1, 9, 10, 123].map((ordinal) => podOrdinal(SHOP, podName(SHOP, ordinal)))).to.deep.equal([
      0, 1, 9, 10, 123,
    ])
  })

  for (const name of ['shop', 'shop-', 'shop-01', 'shop-x-1', 'shop-1a', 'shopping-1', 'other-1']) {
    it(`"${name}" is no pod of the store`, () => {
      expect(podOrdinal(SHOP, name)).to.equal(undefined)
    })
  }
})
