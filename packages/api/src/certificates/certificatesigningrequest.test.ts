import { deepEqual, equal } from 'node:assert/strict';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import type { FieldError } from '@kts/apimachinery';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestSpec,
  CertificateSigningRequestStatus,
} from '../gen/certificates-v1.gen.ts';
import { requestProblem } from './certificate-request.ts';
import { certificateSigningRequests } from './certificatesigningrequest.ts';

const { behaviour } = certificateSigningRequests;
const context = { now: Date.parse('2026-11-21T12:00:00Z'), subresource: '' };
const metadata = { name: 'r', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const texts = (errors: readonly FieldError[] | undefined): string[] =>
  (errors ?? []).map(({ field, message }) => `${field}: ${message}`);

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80 ? Buffer.of(content.length) : Buffer.of(0x82, content.length >> 8, content.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, content]);
}

/** A request with an empty subject; the signature is of another key if one is given. */
function requestFor(publicKey: KeyObject, privateKey: KeyObject, type = 'CERTIFICATE REQUEST'): string {
  const info = der(
    0x30,
    der(0x02, Buffer.of(0)),
    der(0x30),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa0),
  );
  const algorithm = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const signature = sign('sha256', info, privateKey);
  const whole = der(0x30, info, algorithm, der(0x03, Buffer.of(0), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n');
  return Buffer.from(`-----BEGIN ${type}-----\n${lines}\n-----END ${type}-----\n`).toString('base64');
}

const request = requestFor(ec.publicKey, ec.privateKey);
const csr = (
  spec: Partial<CertificateSigningRequestSpec> = {},
  status: CertificateSigningRequestStatus = {},
): CertificateSigningRequest => ({
  metadata,
  spec: { request, signerName: 'example.com/signer', usages: ['client auth'], ...spec },
  status,
});

describe('requests in PEM', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rows: readonly [name: string, base64: string, problem: string | undefined][] = [
    ['one that is signed', request, undefined],
    ['nothing', '', 'PEM block type must be CERTIFICATE REQUEST'],
    ['no PEM', 'eA==', 'PEM block type must be CERTIFICATE REQUEST'],
    [
      'another kind of block',
      requestFor(ec.publicKey, ec.privateKey, 'CERTIFICATE'),
      'PEM block type must be CERTIFICATE REQUEST',
    ],
    ['one that somebody else signed', requestFor(ec.publicKey, other.privateKey), 'x509: ECDSA verification failure'],
    [
      'one that is cut off',
      Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n').toString('base64'),
      'asn1: syntax error: data truncated',
    ],
  ];
  for (const [name, base64, problem] of rows) it(name, () => equal(requestProblem(base64), problem));
});

describe('certificate signing requests', () => {
  const rows: readonly [name: string, spec: Partial<CertificateSigningRequestSpec>, errors: string[]][] = [
    ['a good one', {}, []],
    ['no request', { request: '' }, ['spec.request: Invalid value: "": PEM block type must be CERTIFICATE REQUEST']],
    ['no usages', { usages: [] }, ['spec.usages: Required value']],
    ['a usage twice', { usages: ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
    ['no signer', { signerName: '' }, ['spec.signerName: Required value']],
    [
      'the legacy signer',
      { signerName: 'kubernetes.io/legacy-unknown' },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [
      'a short life',
      { expirationSeconds: 599 },
      ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)'],
    ],
  ];
  for (const [name, spec, errors] of rows)
    it(name, () => deepEqual(texts(behaviour.validate?.(csr(spec), context)), errors));

  it('list all usages for one that is unknown', () => {
    const [text] = texts(behaviour.validate?.(csr({ usages: ['x' as never] }), context));
    equal(text?.startsWith('spec.usages[0]: Unsupported value: "x": supported values: "any", "cert sign", '), true);
    deepEqual(
      texts(behaviour.validateUpdate?.(csr({ usages: ['x' as never] }), csr({ usages: ['x' as never] }), context)),
      [],
    );
  });

  it('are of the user who makes them', () => {
    const draft = structuredClone(csr({ username: 'somebody', groups: ['g'] })) as never;
    const user = { name: 'me', uid: '7', groups: ['a'], extra: { k: ['v'] } };
    behaviour.prepareForCreate?.(draft, { ...context, user });
    const { username, uid, groups, extra } = (draft as CertificateSigningRequest).spec;
    deepEqual({ username, uid, groups, extra }, { username: 'me', uid: '7', groups: ['a'], extra: { k: ['v'] } });
  });
});

describe('what may be done to requests', () => {
  const approved = { type: 'Approved', status: 'True' as const };
  const denied = { type: 'Denied', status: 'True' as const };
  const failed = { type: 'Failed', status: 'True' as const };
  const exclusive = 'Approved and Denied conditions are mutually exclusive';
  const garbage = Buffer.from('x').toString('base64');
  type Row = readonly [
    name: string,
    subresource: string,
    status: CertificateSigningRequestStatus,
    old: CertificateSigningRequestStatus,
    errors: string[],
  ];
  const rows: readonly Row[] = [
    ['approving', 'approval', { conditions: [approved] }, {}, []],
    [
      'approving by the back door',
      'status',
      { conditions: [approved] },
      {},
      ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'],
    ],
    [
      "changing one's mind",
      'approval',
      { conditions: [denied] },
      { conditions: [approved] },
      ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
    ],
    [
      'deciding both',
      'approval',
      { conditions: [approved, denied] },
      { conditions: [approved] },
      [`status.conditions: Invalid value: "Denied": ${exclusive}`],
    ],
    [
      'what was decided both ways',
      'approval',
      { conditions: [approved, denied] },
      { conditions: [approved, denied] },
      [],
    ],
    [
      'half an approval',
      'approval',
      { conditions: [{ type: 'Approved', status: 'False' }] },
      {},
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      'conditions without type and status',
      'status',
      { conditions: [{} as never] },
      {},
      ['status.conditions[0].type: Required value', 'status.conditions[0].status: Required value'],
    ],
    [
      'failing twice',
      'status',
      { conditions: [failed, failed] },
      {},
      ['status.conditions[1].type: Duplicate value: "Failed"'],
    ],
    [
      'a certificate from who approves',
      'approval',
      { certificate: garbage },
      {},
      [
        'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
        'status.certificate: Forbidden: updates may not set certificate content',
      ],
    ],
    [
      'another certificate',
      'status',
      { certificate: '' },
      { certificate: garbage },
      ['status.certificate: Forbidden: updates may not modify existing certificate content'],
    ],
    [
      'a request instead of a certificate',
      'status',
      { certificate: request },
      {},
      [
        'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
      ],
    ],
  ];
  for (const [name, subresource, status, old, errors] of rows) {
    it(name, () => {
      const [after, before, how] = [csr({}, status), csr({}, old), { ...context, subresource }] as const;
      const found =
        subresource === 'status'
          ? behaviour.validateStatusUpdate?.(after, before, how)
          : behaviour.validateUpdate?.(after, before, how);
      deepEqual(texts(found), errors);
    });
  }

  it('changing a decision shows how', () => {
    const old = csr({}, { conditions: [{ ...approved, reason: 'a' }] });
    const changed = csr({}, { conditions: [{ ...approved, reason: 'b' }] });
    const [text] = texts(behaviour.validateStatusUpdate?.(changed, old, context));
    equal(text?.split('\n')[0], 'status.conditions: Forbidden: updates may not modify a condition of type "Approved"');
    equal(text?.includes('\n-  "Reason": "a",\n+  "Reason": "b",\n'), true);
  });

  it('conditions get their times', () => {
    const draft = structuredClone(csr({}, { conditions: [approved] })) as never;
    behaviour.prepareForUpdate?.(draft, csr(), { ...context, subresource: 'approval' });
    const time = '2026-11-21T12:00:00Z';
    deepEqual((draft as CertificateSigningRequest).status?.conditions, [
      { ...approved, lastUpdateTime: time, lastTransitionTime: time },
    ]);
  });
});
