import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  [
    "ip('abc')",
    'error: IP Address "abc" parse error during conversion from string: ParseAddr("abc"): unable to parse IP',
  ],
  [
    "ip('1.2.3')",
    'error: IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short',
  ],
  [
    "ip('1.2.3.4.5')",
    'error: IP Address "1.2.3.4.5" parse error during conversion from string: ParseAddr("1.2.3.4.5"): IPv4 address too long',
  ],
  [
    "ip('1.2.3.400')",
    'error: IP Address "1.2.3.400" parse error during conversion from string: ParseAddr("1.2.3.400"): IPv4 field has value >255',
  ],
  [
    "ip('01.2.3.4')",
    'error: IP Address "01.2.3.4" parse error during conversion from string: ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero',
  ],
  ["ip('::ffff:1.2.3.4')", 'error: IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'],
  ["ip('fe80::1%eth0')", 'error: IP address "fe80::1%eth0" with zone value is not allowed'],
  [
    "ip('1::2::3')",
    'error: IP Address "1::2::3" parse error during conversion from string: ParseAddr("1::2::3"): multiple :: in address (at ":3")',
  ],
  [
    "ip(':1')",
    'error: IP Address ":1" parse error during conversion from string: ParseAddr(":1"): each colon-separated field must have at least one digit (at ":1")',
  ],
  [
    "ip('12345::')",
    'error: IP Address "12345::" parse error during conversion from string: ParseAddr("12345::"): each group must have 4 or less digits (at "12345::")',
  ],
  [
    "ip('1:2:3:4:5:6:7:8:9')",
    'error: IP Address "1:2:3:4:5:6:7:8:9" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9")',
  ],
  [
    "ip('1:2:3:4:5:6:7')",
    'error: IP Address "1:2:3:4:5:6:7" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7"): address string too short',
  ],
  ["ip('::1').family()", '6'],
  ["ip('2001:DB8::0001') == ip('2001:db8::1')", 'true'],
  ["string(ip('2001:DB8:0:0:0:0:0:1'))", '"2001:db8::1"'],
  ["string(ip('1:0:0:2:0:0:0:3'))", '"1:0:0:2::3"'],
  ["ip.isCanonical('2001:DB8::1')", 'false'],
  ["isIP('1.2.3.4')", 'true'],
  ["ip('127.0.0.1').isLoopback()", 'true'],
  ["ip('224.0.0.1').isLinkLocalMulticast()", 'true'],
  ["ip('169.254.1.1').isLinkLocalUnicast()", 'true'],
  ["ip('10.0.0.1').isGlobalUnicast()", 'true'],
  ["ip('255.255.255.255').isGlobalUnicast()", 'false'],
  ["ip('0.0.0.0').isUnspecified()", 'true'],
  ["cidr('10.0.0.0/8').containsIP('10.1.2.3')", 'true'],
  ["cidr('10.0.0.0/8').containsIP(ip('11.1.2.3'))", 'false'],
  ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", 'true'],
  ["cidr('10.0.0.0/8').containsCIDR(cidr('10.0.0.0/7'))", 'false'],
  ["cidr('10.0.0.1/8').masked() == cidr('10.0.0.0/8')", 'true'],
  ["cidr('10.0.0.1/8').ip()", '<net.IP>'],
  ["cidr('10.0.0.1/8').prefixLength()", '8'],
  ["string(cidr('2001:DB8::1/64'))", '"2001:db8::1/64"'],
  [
    "cidr('10.0.0.1')",
    `error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.1"): no '/'`,
  ],
  [
    "cidr('10.0.0.1/33')",
    'error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.1/33"): prefix length out of range',
  ],
  [
    "cidr('10.0.0.1/a')",
    'error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.1/a"): bad bits after slash: "a"',
  ],
  [
    "cidr('10.0.0.1/08')",
    'error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.1/08"): bad bits after slash: "08"',
  ],
  [
    "cidr('x/8')",
    'error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x/8"): ParseAddr("x"): unable to parse IP',
  ],
  [
    "cidr('::ffff:1.2.3.4/96')",
    'error: network address parse error during conversion from string: IPv4-mapped IPv6 address "::ffff:1.2.3.4/96" is not allowed',
  ],
  ["isCIDR('10.0.0.0/8')", 'true'],
  ["cidr('10.0.0.0/8').containsIP('x')", 'error: no such overload'],
  [
    "cidr('10.0.0.0/8').containsCIDR('x')",
    `error: network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x"): no '/'`,
  ],
];

describe('addresses and ranges', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});
