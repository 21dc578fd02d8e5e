/**
 * Pods stay five minutes on a node that is not ready or not reachable, unless they say otherwise.
 *
 * Mirrors: plugin/pkg/admission/defaulttolerationseconds (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import type { Pod } from '@kts/api/types/core-v1';

import { only, type AdmissionPlugin } from './admission.ts';

const TOLERATION_SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  concerns: only('pods'),
  admit(attributes) {
    if (attributes.subresource !== '' || !attributes.object) return;
    addDefaultTolerations(attributes.object as unknown as Draft<Pod>);
  },
};

export function addDefaultTolerations(pod: Draft<Pod>): void {
  const own = pod.spec.tolerations ?? [];
  const added = TAINTS.filter(
    (taint) => !own.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute')),
  );
  if (added.length === 0) return;
  pod.spec.tolerations = [
    ...own,
    ...added.map(
      (key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_SECONDS }) as const,
    ),
  ];
}
