// Values with everything that formats and parsers trip over, the same ones every time.

const PARTS = [
  "'",
  '"',
  "`",
  "\\",
  "\n",
  "\r",
  "\r\n",
  "$",
  "$\u007bHOME}",
  "$(id)",
  "%{if true}",
  "#",
  " #",
  "=",
  ":",
  ": ",
  "- ",
  " ",
  "\t",
  "\\n",
  "\\r",
  "\\\\",
  "\0",
  "\u0007",
  "\u007f",
  "\u0085",
  "\u00a0",
  "\u00e9",
  "e\u0301",
  "\u2028",
  "\ufeff",
  "\u{1f511}",
  "\uffff",
  "{",
  "}",
  "[",
  "]",
  "&",
  "*",
  "!",
  "|",
  ">",
  ";",
  "~",
  "@",
  "%",
  "<",
  "null",
  "true",
  "0x1",
  "a",
  "secret-token:",
  "export ",
  "EOF",
];

/**
 * Returns this many texts: some that any file must be able to hold, each part above, and combinations of up to nine
 * parts.
 */
export function hostileValues(count = 1000) {
  let state = 20_261_129;
  const random = (below) => {
    // xorshift: the same sequence on every machine.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const values = [
    "",
    "secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AifQ",
    "strange-hydra-68836@acme.conductor.one/pcc",
    ...PARTS,
  ];
  while (values.length < count)
    values.push(Array.from({ length: 1 + random(9) }, () => PARTS[random(PARTS.length)]).join(""));
  return values.slice(0, count);
}
