/**
 * Ingresses that name no class get the default one.
 *
 * Mirrors: plugin/pkg/admission/network/defaultingressclass (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import { ingressClasses } from '@kts/api';
import type { Ingress } from '@kts/api/types/networking-v1';

import { only, type AdmissionPlugin } from './admission.ts';
import { newestDefault } from './default-class.ts';
import type { LiveObjects } from './live-objects.ts';

const DEFAULT_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export function defaultIngressClass(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    concerns: only('ingresses.networking.k8s.io'),
    async admit(attributes) {
      if (attributes.operation !== 'CREATE' || attributes.subresource !== '' || !attributes.object) return;
      const ingress = attributes.object as unknown as Draft<Ingress>;
      if (ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return;
      const found = newestDefault(await live.list(ingressClasses, ''), [DEFAULT_ANNOTATION]);
      if (found) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name };
    },
  };
}
