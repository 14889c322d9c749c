import { VERSIONS } from '../../../api/v1alpha1/defaults.ts'
import { testedImage } from '../../../api/v1alpha1/effective.ts'
import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planUpgrade({ spec }: ConditionInputs): Of<'UpgradeAvailable'> {
  const { engine, image, hasOwnImage } = spec
  if (hasOwnImage)
    return { type: 'UpgradeAvailable', status: 'False', reason: 'Disabled', message: 'spec.image names the image' }
  if (image === testedImage(engine, VERSIONS[engine][0]))
    return {
      type: 'UpgradeAvailable',
      status: 'False',
      reason: 'NewestTested',
      message: 'the version of the store is the newest tested one',
    }
  const message =
    'the operator was tested with a newer version than the store runs; set spec.version to it, or remove spec.version and set spec.upgradePolicy to Latest'
  return { type: 'UpgradeAvailable', status: 'True', reason: 'NewerTested', message }
}
