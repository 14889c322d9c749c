import { Command } from 'commander'
import { stringify } from 'yaml'
import { customResourceDefinition } from './api/crd.ts'
import { KINDS } from './api/v1alpha1/kinds.ts'
import { addOperatorFlags, readOperatorConfig } from './config.ts'
import { runOperator } from './operator.ts'

const program = new Command('sessionstore-operator').description(
  'Replicated Redis and Valkey session stores on Kubernetes',
)

addOperatorFlags(program.command('operator').command('run').description('runs the operator')).action(async (flags) => {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())
  // After a lost lease a hung call must not keep the process, and its connections, alive.
  process.exit(await runOperator(readOperatorConfig(flags), stop.signal))
})

program
  .command('crds')
  .command('print')
  .description('prints the CustomResourceDefinitions')
  .action(() => {
    process.stdout.write(KINDS.map((kind) => stringify(customResourceDefinition(kind))).join('---\n'))
  })

await program.parseAsync()
