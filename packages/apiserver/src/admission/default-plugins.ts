import type { Random } from '@kts/base';

import type { AdmissionPlugin } from './admission.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import type { LiveObjects } from './live-objects.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';

/**
 * The plugins that are on by default, in upstream's order, which clients can observe: an earlier refusal hides a later
 * one, and a later plugin sees what an earlier one filled in.
 *
 * Mirrors: AllOrderedPlugins in pkg/kubeapiserver/options/plugins.go (v1.36)
 */
export function defaultPlugins(live: LiveObjects, random: Random): readonly AdmissionPlugin[] {
  return [namespaceLifecycle(live), serviceAccount(live, random), priority(live), defaultTolerationSeconds];
}
