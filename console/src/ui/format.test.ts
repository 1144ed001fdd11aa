// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ago, commonName, duration, operationTitle, resourceKind, until } from './format';

describe('durations', () => {
  it.each([[0, '0.0 s'], [420, '0.4 s'], [12_900, '12 s'], [200_000, '3 min 20 s'], [7_500_000, '2 h 5 min'], [-5, '0.0 s']])('%d ms reads as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
  it('tells the past and the future', () => {
    expect(ago(0, 30_000)).toBe('just now');
    expect(ago(0, 86_400_000)).toBe('24 h ago');
    expect(until(86_400_000 * 23.5, 0)).toBe('in 23 days');
    expect(until(0, 86_400_000 * 3)).toBe('3 days ago');
    expect(until(86_400_000 * 365 * 10, 0)).toBe('in 10 years');
  });
});

describe('names', () => {
  it('takes the common name out of a subject', () => {
    expect(commonName('CN=plant-a CA, O=default')).toBe('plant-a CA');
    expect(commonName('/O=default/CN=pump-7')).toBe('pump-7');
    expect(commonName('O=default')).toBe('O=default');
  });
  it('knows resources by their Azure type, whatever its case, and reads others', () => {
    expect(resourceKind('Microsoft.Devices/IotHubs')).toBe('IoT Hub');
    expect(resourceKind('microsoft.devices/iothubs')).toBe('IoT Hub');
    expect(resourceKind('Microsoft.Something/newThings')).toBe('New Things');
  });
  it('reads kinds of operations', () => {
    expect(operationTitle('workspace.create')).toBe('Create workspace');
    expect(operationTitle('odd')).toBe('Odd');
  });
});
