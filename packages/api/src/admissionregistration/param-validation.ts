/**
 * Parameters of policies: what they are, and which of them a binding means.
 *
 * Mirrors: validateParamKind and validateParamRef in pkg/apis/admissionregistration/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isDNS1035Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkChoice } from '../field-checks.ts';
import type { ParamKind, ParamRef } from '../gen/admissionregistration-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';

export function validateParamKind(param: ParamKind | undefined, path: FieldPath): FieldError[] {
  if (!param) return [];
  const { apiVersion = '', kind = '' } = param;
  return [...validateApiVersion(apiVersion, path.child('apiVersion')), ...validateKind(kind, path.child('kind'))];
}

function validateApiVersion(apiVersion: string, path: FieldPath): FieldError[] {
  if (apiVersion === '') return [required(path)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group, version] = parts.length === 1 ? ['', parts[0]!] : [parts[0]!, parts[1]!];
  const errors: FieldError[] = [];
  const groupComplaints = group === '' ? [] : isDNS1123Subdomain(group);
  if (groupComplaints.length > 0) errors.push(invalid(path, group, groupComplaints.join(',')));
  if (version === '') return [...errors, invalid(path, apiVersion, 'version must be specified')];
  const complaints = isDNS1035Label(version);
  if (complaints.length > 0) errors.push(invalid(path, version, complaints.join(',')));
  return errors;
}

function validateKind(kind: string, path: FieldPath): FieldError[] {
  if (kind === '') return [required(path)];
  const complaints = isDNS1035Label(kind.toLowerCase());
  if (complaints.length === 0) return [];
  return [invalid(path, kind, `may have mixed case, but should otherwise match: ${complaints.join(',')}`)];
}

const EXCLUSIVE = 'name and selector are mutually exclusive';

export function validateParamRef(reference: ParamRef | undefined, path: FieldPath): FieldError[] {
  if (!reference) return [];
  const { name = '', selector, parameterNotFoundAction } = reference;
  return [
    ...(name ? isPathSegmentName(name).map((complaint) => invalid(path.child('name'), name, complaint)) : []),
    ...(name && selector ? [forbidden(path.child('name'), EXCLUSIVE)] : []),
    ...(selector ? validateLabelSelector(selector, path.child('selector')) : []),
    ...(name && selector ? [forbidden(path.child('selector'), EXCLUSIVE)] : []),
    ...(!name && !selector ? [required(path, 'one of name or selector must be specified')] : []),
    ...checkChoice(parameterNotFoundAction, ['Deny', 'Allow'], path.child('parameterNotFoundAction')),
  ];
}
