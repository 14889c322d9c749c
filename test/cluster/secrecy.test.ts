import { expect } from 'chai'
import { PODS, SECRETS } from '../../src/kube/resources.ts'
import { listObjects } from '../support/cluster/api.ts'
import { dumpEvents, dumpNamespace, podLog } from '../support/cluster/artifacts.ts'
import { kubectl } from '../support/cluster/command.ts'
import { OPERATOR } from '../support/cluster/operator.ts'
import { useSharedStore } from '../support/cluster/shared.ts'

/** Every generated secret of a namespace: passwords, and private keys by their body. */
async function secretsOf(namespace: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const secret of await listObjects(SECRETS, { namespace })) {
    for (const [key, value] of Object.entries(secret.data ?? {})) {
      const text = Buffer.from(value, 'base64').toString('utf8').trim()
      const name = `${secret.metadata.name}/${key}`
      if (/password$/.test(key) && text !== '') found.set(name, text)
      if (/\.key$/.test(key)) found.set(name, text.split('\n')[1] ?? '')
    }
  }
  return found
}

describe('secrets', function () {
  this.timeout(180_000)
  const store = useSharedStore()

  it('are in no log, event, status or object but the Secrets themselves', async () => {
    const { namespace } = store().ref
    const places = new Map<string, string>()
    for (const each of [namespace, OPERATOR.namespace]) {
      places.set(`objects of ${each}`, await dumpNamespace(each))
      places.set(`events of ${each}`, await dumpEvents(each))
      for (const pod of await listObjects(PODS, { namespace: each })) {
        places.set(`log of ${pod.metadata.name}`, await podLog(pod))
        places.set(`log of the run before of ${pod.metadata.name}`, await podLog(pod, { previous: true }))
      }
    }
    places.set('description', await kubectl(['describe', 'sess,sessionbindings,sts,pods', '-n', namespace]))

    const secrets = await secretsOf(namespace)

    expect(secrets.size, 'generated secrets').to.be.at.least(5)
    for (const [name, secret] of secrets) {
      expect(secret, `entry ${name}`).to.have.lengthOf.at.least(16)
      const leaks = [...places].filter(([, text]) => text.includes(secret) || text.includes(encoded(secret)))
      expect(
        leaks.map(([place]) => place),
        `places that show ${name}`,
      ).to.deep.equal([])
    }
    expect(places.get(`log of ${store().client.name}`), 'the client pod was looked at').to.be.a('string')
  })
})

function encoded(secret: string): string {
  return Buffer.from(secret).toString('base64')
}
