/**
 * The limits that a namespace sets for its pods and claims: defaults where nothing is said, and bounds.
 *
 * Mirrors: plugin/pkg/admission/limitranger (v1.36)
 */
import { quantityCompare, quantityToFloat, quantityToMilli, type Draft, type Quantity } from '@kts/apimachinery';
import { limitRanges, podLimits, podRequests, type ResourceAmounts } from '@kts/api';
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';

import { resourceOf, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

export function limitRanger(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'LimitRanger',
    async admit(attributes) {
      if (!concerns(attributes) || resourceOf(attributes) !== 'pods') return;
      for (const range of await live.list(limitRanges, attributes.namespace)) {
        setDefaultResources(attributes.object as unknown as Draft<Pod>, range);
      }
    },
    async validate(attributes) {
      if (!concerns(attributes)) return;
      for (const range of await live.list(limitRanges, attributes.namespace)) {
        const problems =
          resourceOf(attributes) === 'pods'
            ? podProblems(attributes.object as unknown as Pod, range)
            : claimProblems(attributes.object as unknown as PersistentVolumeClaim, range);
        const distinct = [...new Set(problems)];
        if (distinct.length === 0) continue;
        throw forbiddenBy(attributes, distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`);
      }
    },
  };
}

/** New pods and claims, resized pods and changed claims; not those that are going. */
function concerns(attributes: AdmissionAttributes): boolean {
  const { operation, subresource, object, old } = attributes;
  if (!object || old?.metadata.deletionTimestamp) return false;
  const resource = resourceOf(attributes);
  if (resource === 'pods') {
    return subresource === 'resize' ? operation === 'UPDATE' : subresource === '' && operation === 'CREATE';
  }
  return resource === 'persistentvolumeclaims' && subresource === '' && operation !== 'DELETE';
}

function setDefaultResources(pod: Draft<Pod>, { spec }: LimitRange): void {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const requests = Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as ResourceAmounts;
  const limits = Object.assign({}, ...items.map((item) => item.default)) as ResourceAmounts;
  const done: string[] = [];
  for (const container of pod.spec.containers ?? [])
    done.push(...fillContainer(container, requests, limits, 'container'));
  for (const container of pod.spec.initContainers ?? []) {
    done.push(...fillContainer(container, requests, limits, 'init container'));
  }
  if (done.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${done.join('; ')}`,
  };
}

function fillContainer(
  container: Draft<Container>,
  requests: ResourceAmounts,
  limits: ResourceAmounts,
  kind: string,
): string[] {
  const resources = (container.resources ??= {});
  const done: string[] = [];
  for (const [field, amounts] of [
    ['requests', requests],
    ['limits', limits],
  ] as const) {
    const missing = Object.keys(amounts).filter((name) => resources[field]?.[name] === undefined);
    if (missing.length === 0) continue;
    resources[field] = { ...amounts, ...resources[field] };
    done.push(`${missing.sort().join(', ')} ${field.slice(0, -1)} for ${kind} ${container.name}`);
  }
  return done;
}

function podProblems(pod: Pod, { spec }: LimitRange): string[] {
  const problems: string[] = [];
  for (const item of spec?.limits ?? []) {
    if (item.type === 'Container') {
      for (const { resources } of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
        problems.push(...boundProblems(item, resources?.requests ?? {}, resources?.limits ?? {}));
      }
    }
    if (item.type === 'Pod') problems.push(...boundProblems(item, podRequests(pod), podLimits(pod)));
  }
  return problems;
}

function claimProblems(claim: PersistentVolumeClaim, { spec }: LimitRange): string[] {
  const problems: string[] = [];
  const requests = claim.spec?.resources?.requests ?? {};
  for (const item of spec?.limits ?? []) {
    if (item.type !== 'PersistentVolumeClaim') continue;
    for (const [name, least] of entriesOf(item.min)) problems.push(...minProblem(item.type, name, least, requests, {}));
    for (const [name, most] of entriesOf(item.max)) {
      const request = requests[name];
      const text = `maximum ${name} usage per ${item.type} is ${most}`;
      if (request === undefined) problems.push(`${text}.  No request is specified`);
      else if (quantityCompare(request, most) > 0) problems.push(`${text}, but request is ${request}`);
    }
  }
  return problems;
}

function boundProblems(item: LimitRangeItem, requests: ResourceAmounts, limits: ResourceAmounts): string[] {
  const { type } = item;
  return [
    ...entriesOf(item.min).flatMap(([name, least]) => minProblem(type, name, least, requests, limits)),
    ...entriesOf(item.max).flatMap(([name, most]) => maxProblem(type, name, most, requests, limits)),
    ...entriesOf(item.maxLimitRequestRatio).flatMap(([name, ratio]) =>
      ratioProblem(type, name, ratio, requests, limits),
    ),
  ];
}

function entriesOf(amounts: ResourceAmounts | undefined): [string, Quantity][] {
  return Object.entries(amounts ?? {});
}

type Bound = (
  type: string,
  name: string,
  bound: Quantity,
  requests: ResourceAmounts,
  limits: ResourceAmounts,
) => string[];

const minProblem: Bound = (type, name, least, requests, limits) => {
  const text = `minimum ${name} usage per ${type} is ${least}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return [`${text}.  No request is specified`];
  if (quantityCompare(request, least) < 0) return [`${text}, but request is ${request}`];
  if (limit !== undefined && quantityCompare(limit, least) < 0) return [`${text}, but limit is ${limit}`];
  return [];
};

const maxProblem: Bound = (type, name, most, requests, limits) => {
  const text = `maximum ${name} usage per ${type} is ${most}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return [`${text}.  No limit is specified`];
  if (quantityCompare(limit, most) > 0) return [`${text}, but limit is ${limit}`];
  if (request !== undefined && quantityCompare(request, most) > 0) return [`${text}, but request is ${request}`];
  return [];
};

const ratioProblem: Bound = (type, name, most, requests, limits) => {
  const text = `${name} max limit to request ratio per ${type} is ${most}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined || quantityToMilli(request) === 0) {
    return [`${text}, but no request is specified or request is 0`];
  }
  if (limit === undefined || quantityToMilli(limit) === 0) return [`${text}, but no limit is specified or limit is 0`];
  const ratio = quantityToFloat(limit) / quantityToFloat(request);
  return ratio > quantityToFloat(most) ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`] : [];
};
