import assert from 'node:assert/strict';
import { it } from 'node:test';

import { escapeHtml } from './escape-html.ts';

it('text of HTML has no marks and no quotes', () =>
  assert.equal(escapeHtml(`<a href="x">R&D's</a>`), '&lt;a href=&#34;x&#34;&gt;R&amp;D&#39;s&lt;/a&gt;'));
