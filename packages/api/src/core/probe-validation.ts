/**
 * Probes and lifecycle hooks of containers.
 *
 * Mirrors: validateProbe, validateHandler and validateLifecycle in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isHttpHeaderName,
  isPortName,
  isPortNumber,
  required,
  type FieldError,
  type FieldPath,
  type IntOrString,
} from '@kts/apimachinery';
import { checkNonNegative, checkSupported, invalidEach } from '../field-checks.ts';
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe, ProbeHandler } from '../gen/core-v1.gen.ts';

type Handler = Pick<ProbeHandler & LifecycleHandler, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc' | 'sleep'>;

interface ContainerProbes {
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** The three probes of a container. Only readiness may need more than one success. */
export function validateProbes(
  probes: ContainerProbes,
  gracePeriod: number | undefined,
  path: FieldPath,
): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe } = probes;
  const errors = validateOnceProbe(livenessProbe, gracePeriod, path.child('livenessProbe'));
  if (readinessProbe) {
    const at = path.child('readinessProbe');
    errors.push(...validateProbe(readinessProbe, gracePeriod, at));
    const { terminationGracePeriodSeconds: own } = readinessProbe;
    if (own !== undefined) {
      errors.push(invalid(at.child('terminationGracePeriodSeconds'), own, 'must not be set for readinessProbes'));
    }
  }
  return [...errors, ...validateOnceProbe(startupProbe, gracePeriod, path.child('startupProbe'))];
}

function validateOnceProbe(probe: Probe | undefined, gracePeriod: number | undefined, path: FieldPath): FieldError[] {
  if (!probe) return [];
  const errors = validateProbe(probe, gracePeriod, path);
  if (probe.successThreshold !== 1) {
    errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

function validateProbe(probe: Probe, gracePeriod: number | undefined, path: FieldPath): FieldError[] {
  const { terminationGracePeriodSeconds: own } = probe;
  return [
    ...validateHandler(handlerOfProbe(probe), gracePeriod, path),
    ...NUMBERS.flatMap((field) => checkNonNegative(probe[field], path.child(field))),
    ...(own !== undefined && own <= 0
      ? [invalid(path.child('terminationGracePeriodSeconds'), own, 'must be greater than 0')]
      : []),
  ];
}

const NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  gracePeriod: number | undefined,
  path: FieldPath,
): FieldError[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart ? validateHandler(handlerOfHook(postStart), gracePeriod, path.child('postStart')) : []),
    ...(preStop ? validateHandler(handlerOfHook(preStop), gracePeriod, path.child('preStop')) : []),
  ];
}

/** A hook cannot call gRPC, a probe cannot sleep. */
const handlerOfProbe = ({ exec, httpGet, tcpSocket, grpc }: Probe): Handler =>
  defined({ exec, httpGet, tcpSocket, grpc });
const handlerOfHook = ({ exec, httpGet, tcpSocket, sleep }: LifecycleHandler): Handler =>
  defined({ exec, httpGet, tcpSocket, sleep });

const defined = (handler: { readonly [K in keyof Handler]: Handler[K] | undefined }): Handler => handler as Handler;

function validateHandler(handler: Handler, gracePeriod: number | undefined, path: FieldPath): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const checks: Readonly<Record<string, false | (() => FieldError[])>> = {
    exec: exec !== undefined && (() => (exec.command?.length ? [] : [required(path.child('exec', 'command'))])),
    httpGet: httpGet !== undefined && (() => validateHttpGet(httpGet, path.child('httpGet'))),
    tcpSocket: tcpSocket !== undefined && (() => validatePort(tcpSocket.port, path.child('tcpSocket', 'port'))),
    grpc: grpc !== undefined && (() => validatePort(grpc.port, path.child('grpc', 'port'))),
    sleep: sleep !== undefined && (() => validateSleep(sleep.seconds, gracePeriod, path.child('sleep'))),
  };
  const errors: FieldError[] = [];
  let found = false;
  for (const [name, check] of Object.entries(checks)) {
    if (check === false) continue;
    errors.push(...(found ? [forbidden(path.child(name), 'may not specify more than 1 handler type')] : check()));
    found = true;
  }
  return found ? errors : [required(path, 'must specify a handler type')];
}

function validateHttpGet({ path: target, port, scheme, httpHeaders }: HTTPGetAction, path: FieldPath): FieldError[] {
  return [
    ...(target ? [] : [required(path.child('path'))]),
    ...validatePort(port, path.child('port')),
    ...checkSupported(scheme, ['HTTP', 'HTTPS'], path.child('scheme')),
    ...(httpHeaders ?? []).flatMap(({ name }) => invalidEach(path.child('httpHeaders'), name, isHttpHeaderName(name))),
  ];
}

/** A number, or the name of one of the container's ports. */
export function validatePort(port: IntOrString | undefined, path: FieldPath): FieldError[] {
  if (typeof port === 'string') return invalidEach(path, port, isPortName(port));
  return invalidEach(path, port ?? 0, isPortNumber(port ?? 0));
}

function validateSleep(
  seconds: number | undefined = 0,
  gracePeriod: number | undefined,
  path: FieldPath,
): FieldError[] {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return [];
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  return [invalid(path, seconds, text)];
}
