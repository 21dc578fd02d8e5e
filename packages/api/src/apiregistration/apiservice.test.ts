import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldError } from '@kts/apimachinery';
import type { APIService, APIServiceSpec } from '../gen/apiregistration-v1.gen.ts';
import { apiServices } from './apiservice.ts';

const { behaviour } = apiServices;
const context = { now: Date.parse('2026-11-21T12:00:00Z'), subresource: '' };
const texts = (errors: readonly FieldError[] | undefined): string[] =>
  (errors ?? []).map(({ field, message }) => `${field}: ${message.replace(/ \(e\.g\. .*/, '')}`);

function apiService(spec: Partial<APIServiceSpec> = {}, name?: string): APIService {
  const whole = { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, ...spec };
  const metadata = {
    name: name ?? `${whole.version}.${whole.group}`,
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
  };
  return { metadata, spec: whole };
}

describe('API services', () => {
  const service = { namespace: 'n', name: 's', port: 443 };
  const rows: readonly [name: string, spec: Partial<APIServiceSpec>, errors: string[]][] = [
    ['a local one', {}, []],
    ['a remote one', { service, caBundle: 'eA==' }, []],
    ['the core group', { group: '' }, []],
    [
      'another version of the core group',
      { group: '', version: 'v2' },
      ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
    ],
    [
      'a bad group',
      { group: 'A' },
      [
        "spec.group: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ],
    ],
    [
      'a bad version',
      { version: '1' },
      [
        'spec.version: Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or \'-\', start with an alphabetic character, and end with an alphanumeric character',
      ],
    ],
    [
      'priorities out of range',
      { groupPriorityMinimum: 20_001, versionPriority: 0 },
      [
        'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      ],
    ],
    [
      'a local one with what remote ones have',
      { caBundle: 'eHg=', insecureSkipTLSVerify: true },
      [
        'spec.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'a remote one without address',
      { service: { port: 0 } },
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'a bundle that is not used',
      { service, caBundle: 'eA==', insecureSkipTLSVerify: true },
      ['spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present'],
    ],
  ];
  for (const [name, spec, errors] of rows) {
    it(name, () => {
      deepEqual(texts(behaviour.validate?.(apiService(spec), context)), errors);
      deepEqual(texts(behaviour.validateUpdate?.(apiService(spec), apiService(), context)), errors);
    });
  }

  it('are named by version and group', () => {
    deepEqual(texts(behaviour.validate?.(apiService({}, 'x'), context)), [
      'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.example.com"',
    ]);
    deepEqual(texts(behaviour.validate?.(apiService({}, 'a/b'), context)), [
      `metadata.name: Invalid value: "a/b": may not contain '/'`,
    ]);
  });

  it('are there at once if this server answers for them', () => {
    const draft = structuredClone(apiService()) as never;
    behaviour.prepareForCreate?.(draft, context);
    deepEqual(
      (draft as APIService).status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
      [['Available', 'True', 'Local']],
    );
  });

  it('have conditions with a known status', () => {
    const status = { conditions: [{ type: 'Available', status: 'x' as never }] };
    deepEqual(texts(behaviour.validateStatusUpdate?.({ ...apiService(), status }, apiService(), context)), [
      'status.conditions[0].status: Unsupported value: "x": supported values: "True", "False", "Unknown"',
    ]);
  });
});
