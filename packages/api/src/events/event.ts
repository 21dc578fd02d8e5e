import { defineResource } from '../define-resource.ts';
import type { Event } from '../gen/events-v1.gen.ts';

export const eventsV1 = defineResource<Event>('events.k8s.io/v1', 'events');
