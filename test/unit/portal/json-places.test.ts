import assert from 'node:assert/strict';
import { lineAndColumn, placeOfPath, placeOfSyntaxError } from '../../../portal/src/pages/webhooks/json-places.js';

describe('places in JSON', () => {
  const filter = `{
  "data.from": {"$startsWith": 3},
  "$or": [
    {"event": "a, b: {c}"},
    {"data.to \\"x\\"": [1, 2], "data.y": null}
  ]
}`;
  const at = (path: string) => {
    const place = placeOfPath(filter, path);
    return place && filter.slice(place.start, place.end);
  };

  it('are found by the path of a value', () => {
    assert.equal(at('data.from.$startsWith'), '3');
    assert.equal(at('data.from'), '{"$startsWith": 3}');
    assert.equal(at('$or.0.event'), '"a, b: {c}"');
    assert.equal(at('$or.1.data.to "x".1'), '2');
    assert.equal(at('$or.1.data.y'), 'null');
    assert.equal(at(''), filter);
    assert.equal(at('$or.2'), null);
  });

  it('are not looked for without end in a text that stops', () => {
    for (let length = 0; length < filter.length; length++) placeOfPath(filter.slice(0, length), 'nothing');
  });

  it('are those that browsers name for what is not JSON', () => {
    const text = '{"a": 1,\n "b" 2}';
    const cases: [message: string, start: number | null][] = [
      ["Expected ':' after property name in JSON at position 14 (line 2 column 6)", 14],
      ["JSON.parse: expected ':' after property name at line 2 column 6 of the JSON data", 14],
      ['Unexpected end of JSON input', text.length - 1],
      ['JSON Parse error: Unexpected EOF', text.length - 1],
      ['JSON Parse error: Unexpected number literal "2"', null],
      ['Unexpected token', null],
    ];
    for (const [message, start] of cases)
      assert.equal(placeOfSyntaxError(text, message)?.start ?? null, start, message);
    try {
      JSON.parse(text);
      assert.fail();
    } catch (error) {
      assert.equal(placeOfSyntaxError(text, (error as Error).message)?.start, 14);
    }
  });

  it('have a line and a column from 1', () => {
    assert.equal(lineAndColumn('ab\ncd', 0), 'line 1, column 1');
    assert.equal(lineAndColumn('ab\ncd', 4), 'line 2, column 2');
  });
});
