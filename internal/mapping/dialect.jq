# What the interpreter lacks of jq, or has otherwise. Names that begin with _ and are not defined here
# are functions of Go.

# A string has slices, and no characters by their number.
def _element($i):
  if type == "string" and ($i | type) == "number" then
    error("Cannot index string with number (\($i))")
  else
    .[$i]
  end;
def first: _element(0);
def last: _element(-1);
def nth($n): _element($n);

# What begins with _jq_ takes the place of a function of the interpreter, which it calls itself.
def _jq_getpath($path):
  if _indexes_string($path) then
    error("Cannot index string with number")
  else
    getpath($path)
  end;
def _jq_reverse: if . == null then [] else reverse end;
def _jq_mktime: mktime | floor;
def _jq_strftime($format):
  strftime($format | if type == "string" then gsub("%Z"; "GMT") else . end);

def strptime($format): _strptime($format);
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | _jq_mktime;
def fromdate: fromdateiso8601;

def transpose: . as $rows | [range(map(length) | max // 0) as $i | [$rows[] | _element($i)]];

# Of several states the last one counts, and none is null.
def _state(f): reduce f as $__state (null; $__state);

def match($re): _find($re)[];
def match($re; $flags): _find($re; $flags)[];
def test($re): _test($re);
def test($re; $flags): _test($re; $flags);
def capture($re): match($re) | _captured;
def capture($re; $flags): match($re; $flags) | _captured;
def scan($re; $flags):
  match($re; "g" + $flags)
  | if .captures == [] then .string else .captures | map(.string) end;
def scan($re): scan($re; null);
def splits($re; $flags): _pieces($re; $flags + "g")[];
def splits($re): splits($re; null);
def split($re; $flags): _pieces($re; $flags + "g");
def sub($re; replacement; $flags):
  . as $text
  | (
      reduce _find($re; $flags)[] as $match ({made: [], at: 0};
        $text[.at:$match.offset] as $before
        | [$match | _captured | replacement] as $new
        | reduce range($new | length) as $i (.; .made[$i] += $before + $new[$i])
        | .at = $match.offset + $match.length)
      | .made[] + $text[.at:]
    ) // $text;
def sub($re; replacement): sub($re; replacement; null);
def gsub($re; replacement; $flags): sub($re; replacement; $flags + "g");
def gsub($re; replacement): sub($re; replacement; "g");

def keys_unsorted: keys;
def gamma: lgamma;
def debug: .;
def debug(message): .;
def stderr: .;
def input_filename: null;
def input_line_number: error("Unknown input line number");
def get_search_list: [];
def have_decnum: true;
def have_literal_numbers: true;
