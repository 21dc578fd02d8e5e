import {
  FieldPath,
  goQuote,
  invalid,
  isDNS1035Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  isPortNumber,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import { defineResource } from '../define-resource.ts';
import type { APIService, APIServiceSpec } from '../gen/apiregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { base64Length, checkSupported, invalidEach } from '../field-checks.ts';

const HTTPS_PORT = 443;
const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const SPEC = FieldPath.of('spec');

/**
 * Which server answers for a version of a group.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice (v1.36)
 */
export const apiServices = defineResource<APIService>('apiregistration.k8s.io/v1', 'apiservices', {
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  // By its version and group, below.
  validateName: () => [],
  validate: validateApiService,
  validateUpdate: validateApiService,
  validateStatusUpdate: ({ status }) => validateStatus(status?.conditions),
  setDefaults: ({ spec }) => {
    if (spec.service) spec.service.port ??= HTTPS_PORT;
  },
  // What this server itself answers for is there at once.
  prepareForCreate: (draft, { now }) => {
    const available = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: formatTime(now),
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    draft.status = draft.spec.service ? {} : { conditions: [available] };
  },
  cells: ({ metadata, spec: { service }, status }, now) => {
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    const reason = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : '';
    return [
      metadata.name,
      service ? `${service.namespace ?? ''}/${service.name ?? ''}` : 'Local',
      `${available?.status ?? 'Unknown'}${reason}`,
      age(metadata.creationTimestamp, now),
    ];
  },
});

function validateApiService({ metadata, spec }: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum: groupPriority, versionPriority } = spec;
  const errors = [
    ...validateNameOf(metadata.generateName, spec, 'generateName'),
    ...validateNameOf(metadata.name, spec, 'name'),
  ];
  if (!group && version !== 'v1') {
    errors.push(required(SPEC.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group) errors.push(...invalidEach(SPEC.child('group'), group, isDNS1123Subdomain(group)));
  errors.push(...invalidEach(SPEC.child('version'), version, isDNS1035Label(version)));
  if (groupPriority <= 0 || groupPriority > GROUP_PRIORITY_MAX) {
    const text = `must be positive and less than ${GROUP_PRIORITY_MAX}`;
    errors.push(invalid(SPEC.child('groupPriorityMinimum'), groupPriority, text));
  }
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX) {
    const text = `must be positive and less than ${VERSION_PRIORITY_MAX}`;
    errors.push(invalid(SPEC.child('versionPriority'), versionPriority, text));
  }
  return [...errors, ...(spec.service ? validateRemote(spec) : validateLocal(spec))];
}

/** `v1.apps`, and `v1.` for the core group. */
function validateNameOf(name: string | undefined, { version, group }: APIServiceSpec, field: string): FieldError[] {
  if (!name) return [];
  const wanted = `${version ?? ''}.${group ?? ''}`;
  const unsafe = isPathSegmentName(name);
  const complaints = unsafe.length > 0 ? unsafe : [`must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`];
  return unsafe.length === 0 && name === wanted ? [] : invalidEach(FieldPath.of('metadata', field), name, complaints);
}

function validateLocal({ caBundle = '', insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const bytes = base64Length(caBundle);
  if (bytes > 0) {
    errors.push(invalid(SPEC.child('caBundle'), `${bytes} bytes`, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify) {
    const text = 'local APIServices may not have insecureSkipTLSVerify';
    errors.push(invalid(SPEC.child('insecureSkipTLSVerify'), true, text));
  }
  return errors;
}

function validateRemote({ service, caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const path = SPEC.child('service');
  const errors: FieldError[] = [];
  if (!service?.namespace) errors.push(required(path.child('namespace')));
  if (!service?.name) errors.push(required(path.child('name')));
  const port = service?.port ?? 0;
  const complaints = isPortNumber(port);
  if (complaints.length > 0) {
    errors.push(invalid(path.child('port'), port, `port is not valid: ${complaints.join(', ')}`));
  }
  if (insecureSkipTLSVerify && caBundle) {
    errors.push(invalid(SPEC.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'));
  }
  return errors;
}

function validateStatus(conditions: readonly { readonly status: string }[] = []): FieldError[] {
  return conditions.flatMap(({ status }, index) =>
    checkSupported(
      status,
      ['True', 'False', 'Unknown'],
      FieldPath.of('status', 'conditions').index(index).child('status'),
    ),
  );
}
