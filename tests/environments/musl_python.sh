#!/bin/sh
# SPDX-License-Identifier: MIT
# Compile CPython with musl in an empty folder: musl_python.sh FOLDER. The result is
# FOLDER/python. It has zlib, and no ssl or ctypes. The sources are those of Debian's Python, which
# apt-get downloads with lists of its own. Needs Debian with gcc, make and musl-tools.
set -e
cd "$1"
. /etc/os-release
name=python$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
key=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir lists cache
echo "deb-src [signed-by=$key] http://deb.debian.org/debian $VERSION_CODENAME main" > sources.list
set -- -q -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null \
  -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache"
apt-get "$@" update
apt-get "$@" source --download-only "$name" zlib
for archive in *.orig.tar.*; do
  tar xf "$archive"
done

# gcc names the folders of glibc, which configure and setup.py would use.
cat > cc <<'END'
#!/bin/sh
case "$1" in
  -print-multiarch | --print-multiarch) echo "$(uname -m)-linux-musl" ;;
  *) exec musl-gcc "$@" ;;
esac
END
chmod +x cc
export CC="$PWD/cc"
zlib=$(echo "$PWD"/zlib-*)
(cd "$zlib" && CFLAGS="-O1 -fPIC" ./configure --static && make libz.a)
cd Python-*
./configure --without-ensurepip --disable-test-modules OPT=-O0 CPPFLAGS="-I$zlib" LDFLAGS="-L$zlib"
make
ln -s "$PWD/python" ../python
