# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by run and check: messages, and the build. The caller stands in the project's folder.

say() { printf '%s\n' "$*" >&2; }

die() {
  say "${0##*/}: $*"
  exit 1
}

# have PROGRAM...: all of them are there.
have() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

# configure FOLDER MESON-OPTION...: makes the build folder, or brings it up to date. One that came here with a copied or
# moved tree still builds the other one: it is made anew.
configure() {
  local folder=$1 information=$1/meson-info log
  shift
  mkdir -p "$folder"
  if [ -d "$information" ] && ! grep -qF "\"$PWD\"" "$information/meson-info.json"; then rm -rf "${folder:?}"/*; fi
  # ./run makes it with the products alone, and is content with any compiler.
  if [ ! -f "$folder/build.ninja" ]; then
    set -- meson setup "$folder" "$@"
  elif [[ " $* " = *' -Dtests=true '* ]] && grep -q '"name": "tests", "value": false' "$information/intro-buildoptions.json"; then
    # From the beginning: what Meson has looked for in vain, packages for ./check may have brought since.
    set -- meson setup --wipe "$folder" "$@"
  elif [[ " $* " = *' -Dwerror=true '* ]] && grep -q '"name": "werror", "value": false' "$information/intro-buildoptions.json"; then
    set -- meson configure "$folder" -Dwerror=true
  else
    set -- ninja -C "$folder" build.ninja
  fi
  log=$(mktemp)
  "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$log"
    return 1
  }
  mv "$log" "$folder/configure.log"
}

# compile FOLDER [TARGET...]: with ninja's progress line on a terminal, else silent; what went wrong is shown.
compile() {
  local folder=$1
  shift
  if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
  if [ -t 2 ]; then
    ninja -C "$folder" "$@" >&2
  else
    ninja -C "$folder" "$@" >"$folder/compile.log" 2>&1 || {
      tail -n 60 "$folder/compile.log" >&2
      return 1
    }
  fi
}
