#!/bin/sh
# SPDX-License-Identifier: MIT
# Compile OpenSSL's FIPS provider in an empty folder: fips_provider.sh FOLDER. The result is
# FOLDER/fips.so. The source is that of Debian's OpenSSL, which apt-get downloads with lists of its
# own. The provider serves every OpenSSL 3. Needs Debian with gcc, make and perl.
set -e
cd "$1"
. /etc/os-release
key=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir lists cache
for suite in debian/%s debian/%s-updates debian-security/%s-security; do
  printf "deb-src [signed-by=$key] http://deb.debian.org/${suite%%/*} ${suite#*/} main\n" \
    "$VERSION_CODENAME"
done > sources.list
set -- -q -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null \
  -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache"
apt-get "$@" update
apt-get "$@" source --tar-only --download-only openssl
tar xf openssl_*.orig.tar.*
cd openssl-*
./Configure enable-fips no-tests
make build_generated
make providers/fips.so
cp providers/fips.so ..
