#!/bin/sh
# Prints numbered SQL files, in order, as a C table that lib/store/schema.h declares: embed.sh NAME FILE...
set -eu
name=$1
shift
echo '#include "store/schema.h"'
echo "const char *const ${name}_steps[] = {"
for file; do
    sed -e 's/[[:space:]]*--.*$//' -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$file"
    echo '    ,'
done
echo '};'
echo "const size_t ${name}_version = $#;"
