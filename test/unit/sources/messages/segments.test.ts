import assert from 'node:assert/strict';
import { estimateSegments } from '../../../../src/sources/messages/segments.js';

describe('estimateSegments', () => {
  // Counted by hand from 3GPP TS 23.038 and 23.040.
  const rows: [what: string, text: string, parts: number][] = [
    ['160 × a', 'a'.repeat(160), 1],
    ['161 × a', 'a'.repeat(161), 2],
    ['306 × a', 'a'.repeat(306), 2],
    ['307 × a', 'a'.repeat(307), 3],
    ['80 × ]', ']'.repeat(80), 1],
    ['81 × ]', ']'.repeat(81), 2],
    ['152 × a, ], 152 × a: the escape is not cut', `${'a'.repeat(152)}]${'a'.repeat(152)}`, 3],
    ['70 × ą', 'ą'.repeat(70), 1],
    ['71 × ą', 'ą'.repeat(71), 2],
    ['134 × ą', 'ą'.repeat(134), 2],
    ['135 × ą', 'ą'.repeat(135), 3],
    ['35 × 😀', '😀'.repeat(35), 1],
    ['36 × 😀', '😀'.repeat(36), 2],
    ['66 × ą, 😀, 66 × ą: the pair is not cut', `${'ą'.repeat(66)}😀${'ą'.repeat(66)}`, 3],
    ['65 × ą, 🇵🇱, 65 × ą', `${'ą'.repeat(65)}🇵🇱${'ą'.repeat(65)}`, 3],
    ['160 × ç: not in GSM-7', 'ç'.repeat(160), 3],
    ['100 × a, ’', `${'a'.repeat(100)}’`, 2],
    ['80 × CRLF', '\r\n'.repeat(80), 1],
    ['1,600 × a', 'a'.repeat(1600), 11],
    ['1,600 × ą', 'ą'.repeat(1600), 24],
    ['800 × 😀', '😀'.repeat(800), 25],
  ];
  for (const [what, text, parts] of rows) {
    it(`gives ${parts} for ${what}`, () => assert.equal(estimateSegments(text), parts));
  }

  it('field case 45: counts escapes double only in GSM-7, keeps pairs together, and counts an empty text as one part', () => {
    const cases: [text: string, parts: number][] = [
      [']'.repeat(152), 2],
      [']'.repeat(153), 3],
      [`${'x'.repeat(12)}${']'.repeat(72)}😘`, 2],
      [`${'|'.repeat(69)}∞`, 1],
      ['€'.repeat(80), 1],
      ['', 1],
    ];
    for (const [text, parts] of cases) assert.equal(estimateSegments(text), parts, text.slice(0, 20));
  });

  it('takes a text that is too long to be sent by its length alone', () => {
    assert.equal(estimateSegments('a'.repeat(1_600)), 11);
    assert.equal(estimateSegments('a'.repeat(40_000)), 598, 'counted, it would be 262');
  });
});
