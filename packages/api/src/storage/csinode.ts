import { duplicate, FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { validateCsiDriverName } from '../core/storage-source-validation.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegative, checkQualifiedName } from '../field-checks.ts';
import type { CSINode, CSINodeDriver } from '../gen/storage-v1.gen.ts';
import { age } from '../human-duration.ts';

const DRIVERS = FieldPath.of('spec', 'drivers');
const NODE_ID_CHARACTERS_MAX = 256;

/**
 * The storage drivers of a node.
 *
 * Mirrors: pkg/registry/storage/csinode, pkg/apis/storage/validation (v1.36)
 */
export const csiNodes = defineResource<CSINode>('storage.k8s.io/v1', 'csinodes', {
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  validate: validateNode,
  validateUpdate: (node, old) => [...validateNode(node), ...refuseDriverChanges(node, old)],
  cells: ({ metadata, spec }, now) => [metadata.name, driversOf({ spec }).length, age(metadata.creationTimestamp, now)],
});

const driversOf = ({ spec }: Pick<CSINode, 'spec'>): readonly CSINodeDriver[] => spec.drivers ?? [];

function validateNode(node: CSINode): FieldError[] {
  const names = new Set<string>();
  return driversOf(node).flatMap((driver, index) => {
    const path = DRIVERS.index(index);
    const errors = validateDriver(driver, path);
    if (names.has(driver.name)) errors.push(duplicate(path.child('name'), driver.name));
    names.add(driver.name);
    return [...errors, ...validateTopologyKeys(driver.topologyKeys ?? [], path)];
  });
}

function validateDriver({ name, nodeID, allocatable }: CSINodeDriver, path: FieldPath): FieldError[] {
  const at = path.child('nodeID');
  const errors = validateCsiDriverName(name, path.child('name'));
  if (!nodeID) errors.push(required(at));
  if (nodeID.length > NODE_ID_CHARACTERS_MAX) {
    errors.push(invalid(at, nodeID, `must be ${NODE_ID_CHARACTERS_MAX} characters or less`));
  }
  return [...errors, ...checkNonNegative(allocatable?.count, path.child('allocatable', 'count'))];
}

function validateTopologyKeys(keys: readonly string[], path: FieldPath): FieldError[] {
  return keys.flatMap((key, index) => [
    ...(key ? [] : [required(path)]),
    ...(keys.indexOf(key) < index ? [duplicate(path, key)] : []),
    ...checkQualifiedName(key, path),
  ]);
}

/** Only what a driver can attach may change: everything else is another registration. */
function refuseDriverChanges(node: CSINode, old: CSINode): FieldError[] {
  return driversOf(old).flatMap(({ allocatable: _own, ...before }) =>
    driversOf(node)
      .filter(({ name }) => name === before.name)
      .flatMap(({ allocatable: _other, ...after }) =>
        checkImmutable(after, before, DRIVERS, 'storage.v1.CSINodeDriver'),
      ),
  );
}
