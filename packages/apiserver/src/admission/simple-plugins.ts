/**
 * Plugins that are off unless somebody asks for them, and need no more than the object at hand.
 *
 * Mirrors: plugin/pkg/admission/{admit,alwayspullimages,antiaffinity,deny,denyserviceexternalips,
 * extendedresourcetoleration} (v1.36)
 */
import { FieldPath, notSupported, type Draft } from '@kts/apimachinery';
import type { Container, Pod, Service, Toleration } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';

const SPEC = FieldPath.of('spec');

export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' };

export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  admit: (attributes) => {
    throw forbiddenBy(attributes, 'admission control is denying all modifications');
  },
};

/** Nobody uses an image that is on the node without having proved that he may pull it. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  admit(attributes) {
    if (!writesPod(attributes) || usesNoNewImages(attributes)) return;
    const { spec } = attributes.object as unknown as Draft<Pod>;
    for (const [, container] of containersOf(spec)) container.imagePullPolicy = 'Always';
    for (const { image } of spec.volumes ?? []) if (image) image.pullPolicy = 'Always';
  },
  validate(attributes) {
    if (!writesPod(attributes) || usesNoNewImages(attributes)) return;
    const { spec } = attributes.object as unknown as Draft<Pod>;
    const policies = [
      ...containersOf(spec).map(([path, one]) => [path.child('imagePullPolicy'), one.imagePullPolicy] as const),
      ...(spec.volumes ?? []).flatMap(({ image }, index) =>
        image ? [[SPEC.child('volumes').index(index).child('image', 'pullPolicy'), image.pullPolicy] as const] : [],
      ),
    ];
    const wrong = policies.find(([, policy]) => policy !== 'Always');
    if (!wrong) return;
    const { field, message } = notSupported(wrong[0], wrong[1] ?? '', ['Always']);
    throw forbiddenBy(attributes, `${field}: ${message}`);
  },
};

function usesNoNewImages({ operation, object, old }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE') return false;
  const images = (pod: unknown): (string | undefined)[] =>
    containersOf((pod as Draft<Pod>).spec).map(([, { image }]) => image);
  const before = new Set(images(old));
  return images(object).every((image) => before.has(image));
}

const HOSTNAME = 'kubernetes.io/hostname';

/** Keeping others away is limited to nodes: whole zones would be out of bounds for them. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  validate(attributes) {
    if (!writesPod(attributes)) return;
    const { spec } = attributes.object as unknown as Pod;
    const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const wide = terms.find(({ topologyKey }) => topologyKey !== HOSTNAME);
    if (!wide) return;
    throw forbiddenBy(
      attributes,
      `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${HOSTNAME} is allowed`,
    );
  },
};

/** Services may lose external addresses, but get no new ones. */
export const denyServiceExternalIPs: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  validate(attributes) {
    if (resourceOf(attributes) !== 'services' || attributes.subresource !== '' || !attributes.object) return;
    const { spec } = attributes.object as unknown as Service;
    const before = (attributes.old as Service | undefined)?.spec?.externalIPs ?? [];
    if ((spec?.externalIPs ?? []).every((address) => before.includes(address))) return;
    throw forbiddenBy(attributes, 'Use of external IPs is denied by admission control');
  },
};

/** Pods that ask for special hardware may run on nodes that are kept for it. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  admit(attributes) {
    if (!writesPod(attributes)) return;
    const pod = attributes.object as unknown as Draft<Pod>;
    const names = new Set<string>();
    for (const { resources } of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
      for (const name of Object.keys(resources?.requests ?? {})) if (isExtendedResource(name)) names.add(name);
    }
    const tolerations: Draft<Toleration>[] = [...(pod.spec.tolerations ?? [])];
    for (const key of [...names].sort()) {
      const same = (one: Toleration): boolean =>
        one.key === key && one.operator === 'Exists' && one.effect === 'NoSchedule';
      if (!tolerations.some(same)) tolerations.push({ key, operator: 'Exists', effect: 'NoSchedule' });
    }
    if (tolerations.length > 0) pod.spec.tolerations = tolerations;
  },
};

/** A resource of somebody's own domain. */
function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

function writesPod(attributes: AdmissionAttributes): boolean {
  if (resourceOf(attributes) !== 'pods' || attributes.subresource !== '') return false;
  return attributes.operation === 'CREATE' || attributes.operation === 'UPDATE';
}

type PathAndContainer = readonly [path: FieldPath, container: Draft<Container>];

function containersOf(spec: Draft<Pod>['spec']): readonly PathAndContainer[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const under = (field: string, list: readonly Draft<Container>[]): PathAndContainer[] =>
    list.map((container, index) => [SPEC.child(field).index(index), container]);
  return [
    ...under('initContainers', initContainers),
    ...under('containers', containers),
    ...under('ephemeralContainers', ephemeralContainers as unknown as Draft<Container>[]),
  ];
}
