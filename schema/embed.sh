#!/bin/sh
# Prints the numbered SQL files, in order, as the C table that lib/store/schema.h declares.
set -eu
echo '#include "store/schema.h"'
echo 'const char *const schema_steps[] = {'
for file; do
    sed -e 's/[[:space:]]*--.*$//' -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$file"
    echo '    ,'
done
echo '};'
echo "const size_t schema_version = $#;"
