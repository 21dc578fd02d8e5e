/**
 * Requests for certificates, and what may be done to them: who approves adds conditions, who signs the certificate.
 *
 * Mirrors: ValidateCertificateSigningRequest... in pkg/apis/certificates/validation/validation.go (v1.36)
 */
import {
  deepEqual,
  duplicate,
  FieldPath,
  forbidden,
  goJson,
  invalid,
  notSupported,
  required,
  unifiedDiff,
  type FieldError,
} from '@kts/apimachinery';
import { validateSignerName } from '../core/signer-name-validation.ts';
import { checkChoice } from '../field-checks.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
  CertificateSigningRequestSpec,
} from '../gen/certificates-v1.gen.ts';
import { internalForm } from '../internal-form.ts';
import { certificateProblem, requestProblem } from './certificate-request.ts';

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const EXPIRATION_SECONDS_MIN = 600;
const SPEC = FieldPath.of('spec');
const CONDITIONS = FieldPath.of('status', 'conditions');
const CERTIFICATE = FieldPath.of('status', 'certificate');
/** Conditions that are true or not there. */
const TRUE_CONDITIONS = ['Approved', 'Denied', 'Failed'];
const DECISIONS = ['Approved', 'Denied'];

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** Where a stored request breaks a rule, an update may go on breaking it. */
interface Leniency {
  readonly bothDecisions: boolean;
  readonly legacySigner: boolean;
  readonly duplicateTypes: boolean;
  readonly emptyTypes: boolean;
  readonly duplicateUsages: boolean;
  readonly unknownUsages: boolean;
  readonly anyCertificate: boolean;
}

export function validateSigningRequest(
  request: CertificateSigningRequest,
  old?: CertificateSigningRequest,
): FieldError[] {
  const allowed = leniencyFor(request, old);
  const problem = allowed.anyCertificate ? undefined : certificateProblem(request.status?.certificate);
  return [
    ...validateSpec(request.spec, allowed),
    ...validateConditions(conditionsOf(request), allowed),
    ...(problem === undefined ? [] : [invalid(CERTIFICATE, '<certificate data>', problem)]),
  ];
}

/** `subresource`: `approval` may decide, `status` may set the certificate once, the request itself neither. */
export function validateSigningRequestUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: string,
): FieldError[] {
  const after = conditionsOf(request);
  const before = conditionsOf(old);
  return [
    ...validateSigningRequest(request, old),
    ...TRUE_CONDITIONS.filter((type) => ofType(after, type).length < ofType(before, type).length).map((type) =>
      forbidden(CONDITIONS, `updates may not remove a condition of type "${type}"`),
    ),
    ...(subresource === 'approval' ? [] : DECISIONS.flatMap((type) => refuseDecision(type, after, before))),
    ...validateCertificateChange(request.status?.certificate, old.status?.certificate, subresource),
  ];
}

function validateSpec(spec: CertificateSigningRequestSpec, allowed: Leniency): FieldError[] {
  const { request, signerName, expirationSeconds } = spec;
  const usages: readonly string[] = spec.usages ?? [];
  const at = SPEC.child('usages');
  const problem = requestProblem(request);
  const errors = problem === undefined ? [] : [invalid(SPEC.child('request'), request, problem)];
  if (usages.length === 0) errors.push(required(at));
  for (const [index, usage] of usages.entries()) {
    if (allowed.unknownUsages || USAGES.includes(usage)) continue;
    errors.push(notSupported(at.index(index), usage, USAGES));
  }
  for (const [index, usage] of usages.entries()) {
    if (allowed.duplicateUsages || usages.indexOf(usage) === index) continue;
    errors.push(duplicate(at.index(index), usage));
  }
  const signer = SPEC.child('signerName');
  if (!allowed.legacySigner && signerName === LEGACY_SIGNER) {
    errors.push(invalid(signer, signerName, 'the legacy signerName is not allowed via this API version'));
  } else errors.push(...validateSignerName(signerName, signer));
  if (expirationSeconds !== undefined && expirationSeconds < EXPIRATION_SECONDS_MIN) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid(SPEC.child('expirationSeconds'), expirationSeconds, text));
  }
  return errors;
}

function validateConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  allowed: Leniency,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { type = '', status }] of conditions.entries()) {
    const at = CONDITIONS.index(index);
    if (!type && !allowed.emptyTypes) errors.push(required(at.child('type')));
    const statuses = TRUE_CONDITIONS.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    errors.push(...checkChoice(status, statuses, at.child('status')));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (opposite && seen.has(opposite) && !allowed.bothDecisions) {
      errors.push(invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type) && !allowed.duplicateTypes) errors.push(duplicate(at.child('type'), type));
    seen.add(type);
  }
  return errors;
}

function refuseDecision(
  type: string,
  after: readonly CertificateSigningRequestCondition[],
  before: readonly CertificateSigningRequestCondition[],
): FieldError[] {
  const [now, then] = [ofType(after, type), ofType(before, type)];
  if (now.length > then.length) return [forbidden(CONDITIONS, `updates may not add a condition of type "${type}"`)];
  if (now.length < then.length || deepEqual(now, then)) return [];
  const shown = (conditions: readonly CertificateSigningRequestCondition[]) =>
    goJson(
      conditions.map((item) => internalForm('certificates.v1.CertificateSigningRequestCondition', item)),
      1,
    );
  const difference = unifiedDiff(shown(then), shown(now));
  return [forbidden(CONDITIONS, `updates may not modify a condition of type "${type}"\n${difference}`)];
}

function validateCertificateChange(after = '', before = '', subresource: string): FieldError[] {
  if (after === before) return [];
  if (subresource !== 'status') return [forbidden(CERTIFICATE, 'updates may not set certificate content')];
  return before ? [forbidden(CERTIFICATE, 'updates may not modify existing certificate content')] : [];
}

function leniencyFor(request: CertificateSigningRequest, old: CertificateSigningRequest | undefined): Leniency {
  const types = old ? conditionsOf(old).map(({ type }) => type) : [];
  const usages: readonly string[] = old?.spec.usages ?? [];
  const certificate = old?.status?.certificate;
  return {
    bothDecisions: DECISIONS.every((type) => types.includes(type)),
    legacySigner: old?.spec.signerName === LEGACY_SIGNER,
    duplicateTypes: new Set(types).size < types.length,
    emptyTypes: types.some((type) => !type),
    duplicateUsages: new Set(usages).size < usages.length,
    unknownUsages: usages.some((usage) => !USAGES.includes(usage)),
    anyCertificate:
      old !== undefined &&
      (request.status?.certificate === certificate || certificateProblem(certificate) !== undefined),
  };
}

function conditionsOf({ status }: CertificateSigningRequest): readonly CertificateSigningRequestCondition[] {
  return status?.conditions ?? [];
}

function ofType(conditions: readonly CertificateSigningRequestCondition[], wanted: string) {
  return conditions.filter(({ type }) => type === wanted);
}
