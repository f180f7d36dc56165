import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutText } from '../../../../src/sources/calls/cut-text.js';

describe('cutText', () => {
  it('field case 101: cuts between characters', () => {
    assert.equal(cutText(`${'a'.repeat(254)}😀`, 255), 'a'.repeat(254));
    assert.equal(cutText(`${'a'.repeat(253)}😀`, 255), `${'a'.repeat(253)}😀`);
  });

  it('leaves text unchanged except for NUL and half characters', () => {
    assert.equal(cutText('Zoë 日本 📞 %', 255), 'Zoë 日本 📞 %');
    assert.equal(cutText('a\0b', 255), 'a\ufffdb');
    assert.equal(cutText('a\ud83d', 255), 'a\ufffd');
    assert.equal(cutText('\ude00b', 255), '\ufffdb');
  });

  it('returns text that is valid in UTF-8, JSON and urls for any input', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }), fc.nat(20), (units, length) => {
        const cut = cutText(String.fromCharCode(...units), length);
        assert.ok(cut.length <= length);
        assert.equal(Buffer.from(cut).toString(), cut);
        assert.ok(!cut.includes('\0'));
        encodeURIComponent(cut);
      }),
    );
  });
});
