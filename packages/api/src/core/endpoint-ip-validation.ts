/**
 * Addresses that traffic may be sent to.
 *
 * Mirrors: ValidateEndpointIP in pkg/apis/core/validation/validation.go (v1.36)
 */
import { invalid, type FieldError, type FieldPath } from '@kts/apimachinery';
import { parseIp } from '../ip-address.ts';

const IPV4_LOOPBACK = 127n;
const IPV4_LINK_LOCAL = (169n << 8n) | 254n;
const IPV4_LINK_LOCAL_MULTICAST = (224n << 16n) | 0n;

/** Not an address that means this host or this link: programs on nodes could be reached through it. */
export function validateEndpointIp(text: string, path: FieldPath): FieldError[] {
  const ip = parseIp(text);
  if (!ip) return [invalid(path, text, 'must be a valid IP address')];
  const { family, value } = ip;
  const is4 = family === 'IPv4';
  const errors: FieldError[] = [];
  if (value === 0n) errors.push(invalid(path, text, `may not be unspecified (${text})`));
  const loopback = is4 ? value >> 24n === IPV4_LOOPBACK : value === 1n;
  if (loopback) errors.push(invalid(path, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  const linkLocal = is4 ? value >> 16n === IPV4_LINK_LOCAL : value >> 118n === 0b1111111010n;
  if (linkLocal) errors.push(invalid(path, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  const multicast = is4 ? value >> 8n === IPV4_LINK_LOCAL_MULTICAST : value >> 112n === 0xff02n;
  if (multicast) {
    errors.push(invalid(path, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return errors;
}
