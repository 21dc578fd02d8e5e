import { FieldPath, invalid, isLongName, type FieldError } from '@kts/apimachinery';
import { isExtendedResource } from '../core/resource-list.ts';
import { defineResource } from '../define-resource.ts';
import { sameValue } from '../field-checks.ts';
import type { DeviceClass, DeviceClassSpec } from '../gen/resource-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateBoundedList } from './bounded-collections.ts';
import { CONFIGURATIONS_MAX } from './device-claim-validation.ts';
import { validateDeviceConfiguration } from './device-configuration-validation.ts';
import { loadForSelectors, validateDeviceSelectors } from './device-selector-validation.ts';

const SPEC = FieldPath.of('spec');

/**
 * A kind of device that claims can ask for.
 *
 * Mirrors: pkg/registry/resource/deviceclass, ValidateDeviceClass in pkg/apis/resource/validation (v1.36)
 */
export const deviceClasses = defineResource<DeviceClass>('resource.k8s.io/v1', 'deviceclasses', {
  // The prefix of a generated name is only looked at with that of all kinds.
  validateName: (name, isPrefix) => (isPrefix ? [] : isLongName(name)),
  load: ({ spec }) => loadForSelectors(spec.selectors),
  validate: ({ spec }) => validateClassSpec(spec),
  validateUpdate: ({ spec }, old) => validateClassSpec(spec, old.spec),
  cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
});

function validateClassSpec(spec: DeviceClassSpec, old?: DeviceClassSpec): FieldError[] {
  const { selectors, config, extendedResourceName: name } = spec;
  const stored = old !== undefined && sameValue(config, old.config);
  const text = 'must be a valid extended resource name';
  return [
    ...validateDeviceSelectors(selectors, SPEC.child('selectors')),
    ...validateBoundedList(
      config,
      CONFIGURATIONS_MAX,
      (configuration, path) => validateDeviceConfiguration(configuration, path, stored),
      SPEC.child('config'),
    ),
    ...(name !== undefined && !isExtendedResource(name)
      ? [invalid(SPEC.child('extendedResourceName'), name, text)]
      : []),
  ];
}
