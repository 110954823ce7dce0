# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by run and check: installs what packages.txt lists and this machine lacks. Needs common.sh.

# With $last_listed, a pattern, only what is listed before it. NAME:PURPOSE is for one purpose alone, another architecture or
# kernels, and for $purpose listed, too.
listed_packages() {
  sed "${last_listed:+/$last_listed/,\$d;}s/#.*//" packages.txt | tr -s ' \t' '\n' | sed '/^$/d; /:/d'
  [ -z "${purpose-}" ] || listed_packages_of "$purpose"
}
listed_packages_of() { sed -n "s/:$1 *\(#.*\)\?$//p" packages.txt; } # PURPOSE

# Each listed package without a line "NAME installed"; of one that exists for two architectures, either will do.
missing_packages() {
  local packages
  mapfile -t packages < <(listed_packages)
  dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/ installed$//p' | sort -u | comm -13 - <(listed_packages | sort -u)
}

# What it prints, a thousand lines on a bare system, is shown where it fails.
apt() {
  local root=() log status=0
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  log=$(mktemp)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

install_packages() {
  local missing package
  if ! command -v dpkg-query >/dev/null; then
    say "Not a Debian system: the packages of packages.txt are yours to install."
    return 0
  fi
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "Installing ${#missing[@]} Debian packages, which may take minutes: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then die "no apt-get here; install them by hand"; fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "installing takes root or sudo: run 'apt-get install ${missing[*]}' as root, or try --no-install"
  fi
  apt install -y --no-install-recommends "${missing[@]}" 2>/dev/null && return 0
  say "Fetching the lists of packages (apt-get update)"
  apt update || say "apt-get update failed; going on with the lists that are there"
  apt install -y --no-install-recommends "${missing[@]}" && return 0
  # One that this release does not have must not keep the others out.
  for package in "${missing[@]}"; do
    apt install -y --no-install-recommends "$package" || say "Going on without $package: what needs it is skipped"
  done
}

# What packages.txt lists for another architecture, unpacked into build-ARCHITECTURE-packages. To install it, apt would
# have to take the architecture into the whole system; here it has lists of its own, and needs no rights.
unpack_packages() { # ARCHITECTURE
  local architecture=$1 folder=$PWD/build-$1-packages apt name names
  mapfile -t names < <(for name in $(listed_packages_of "$1"); do [ -e "$folder/.$name" ] || printf '%s\n' "$name"; done)
  [ "${#names[@]}" -gt 0 ] && have apt-get dpkg-deb || return 0
  say "Fetching Debian packages for $architecture, to be unpacked only: ${names[*]}"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
  apt=(apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::Cache=$folder/apt"
    -o "Dir::State=$folder/apt" -o Dir::State::status=/dev/null -o Acquire::Retries=0 -o Acquire::http::Timeout=20)
  "${apt[@]}" update >/dev/null 2>&1 # what one source does not give may be in another
  for name in "${names[@]}"; do
    if (cd "$folder/apt" && "${apt[@]}" download "$name" >/dev/null 2>&1) &&
      dpkg-deb -x "$folder/apt/${name}"_*.deb "$folder"; then
      : >"$folder/.$name"
    else
      say "Going on without $name:$architecture: what needs it is left out"
    fi
  done
  find "$folder" -name '*.pc' -exec sed -i "s,=/usr\(/\|\$\),=\${pcfiledir}/../../..\1," {} +
  rm -rf "$folder/apt"
}

# Where the .pc files of those are: a list of folders with colons, as pkg-config takes it.
unpacked_pkg_config() { # ARCHITECTURE
  [ ! -d "build-$1-packages" ] || find "$PWD/build-$1-packages" -type d -name pkgconfig | paste -sd:
}
