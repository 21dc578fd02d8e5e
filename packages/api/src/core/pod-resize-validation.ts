/**
 * Changes of amounts while a pod runs.
 *
 * Mirrors: ValidatePodResize in pkg/apis/core/validation/validation.go (v1.36)
 */
import { FieldPath, forbidden, invalid, type FieldError } from '@kts/apimachinery';
import { sameValue } from '../field-checks.ts';
import type { Container, Pod, ResourceRequirements } from '../gen/core-v1.gen.ts';
import { isSidecar } from './pod-containers-of.ts';
import { computeQosClass } from './pod-qos.ts';
import type { ResourceList } from './resource-list.ts';

const SPEC = FieldPath.of('spec');
const CONTAINER_FIELDS = ['containers', 'initContainers'] as const;

export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
    return [forbidden(FieldPath.root, 'static pods cannot be resized')];
  }
  if (old.spec.os?.name === 'windows') return [forbidden(FieldPath.root, 'windows pods cannot be resized')];
  const errors: FieldError[] = [];
  if ((old.status?.qosClass ?? computeQosClass(old.spec)) !== computeQosClass(pod.spec)) {
    const text = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid(SPEC, pod.status?.qosClass ?? '', text));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running);
  if (running && !running.resources) {
    errors.push(forbidden(SPEC, 'Pod running on node without support for resize'));
  }
  errors.push(...validatePodLevel(pod, old));
  const order = validateOrder(pod, old);
  if (order.length > 0) return [...errors, ...order];
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (pod.spec[field] ?? []).entries()) {
      const before = old.spec[field]![index]!;
      const path = SPEC.child(field).index(index).child('resources');
      for (const part of ['requests', 'limits'] as const) {
        if (!isRemoved(container.resources?.[part], before.resources?.[part])) continue;
        errors.push(forbidden(path.child(part), `resource ${part} cannot be removed`));
      }
    }
  }
  return [...errors, ...validateUnchanged(pod, old)];
}

function validatePodLevel(pod: Pod, old: Pod): FieldError[] {
  const before = old.spec.resources;
  const after = pod.spec.resources;
  const path = SPEC.child('resources');
  if (!before && !after) return [];
  if (before && !after) return [forbidden(path, 'pod-level resources cannot be removed')];
  const errors: FieldError[] = [];
  for (const part of ['requests', 'limits'] as const) {
    if (!before || !isRemoved(after?.[part], before[part])) continue;
    errors.push(forbidden(path.child(part), `pod-level resource ${part} cannot be removed`));
  }
  if (!sameValue(withoutCompute(after), withoutCompute(before))) {
    errors.push(forbidden(SPEC, 'only cpu and memory resources are mutable at pod-level'));
  }
  return errors;
}

function validateOrder(pod: Pod, old: Pod): FieldError[] {
  return CONTAINER_FIELDS.flatMap((field) => {
    const before = old.spec[field] ?? [];
    const after = pod.spec[field] ?? [];
    const path = SPEC.child(field);
    if (before.length !== after.length) return [forbidden(path, `${field} may not be added or removed on resize`)];
    return after.flatMap(({ name }, index) =>
      name === before[index]!.name
        ? []
        : [forbidden(path.index(index).child('name'), `${field} may not be renamed or reordered on resize`)],
    );
  });
}

function validateUnchanged(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, container] of pod.spec.containers.entries()) {
    if (sameButCompute(container, old.spec.containers[index]!)) continue;
    errors.push(forbidden(SPEC, 'only cpu and memory resources are mutable'));
  }
  for (const [index, container] of (pod.spec.initContainers ?? []).entries()) {
    const before = old.spec.initContainers![index]!;
    const path = SPEC.child('initContainers').index(index);
    if (!sameButCompute(container, before)) {
      errors.push(forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'));
    }
    if (isSidecar(container) || sameValue(container, before)) continue;
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      const text = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
      if (restartPolicy === 'RestartContainer') errors.push(forbidden(path, text));
    }
  }
  return errors;
}

function sameButCompute(a: Container, b: Container): boolean {
  const { resources: amounts, ...rest } = a;
  const { resources: oldAmounts, ...oldRest } = b;
  return sameValue(rest, oldRest) && sameValue(withoutCompute(amounts), withoutCompute(oldAmounts));
}

/** What is left of the amounts without cpu and memory, which may change, and without claims of containers. */
function withoutCompute(resources: ResourceRequirements | undefined): object {
  const strip = ({ cpu: _cpu, memory: _memory, ...rest }: ResourceList = {}): ResourceList => rest;
  return { limits: strip(resources?.limits), requests: strip(resources?.requests) };
}

function isRemoved(amounts: ResourceList = {}, old: ResourceList = {}): boolean {
  return Object.keys(old).some((name) => !(name in amounts));
}
