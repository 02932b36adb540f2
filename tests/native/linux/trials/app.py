"""The app that PyInstaller packs into one file: all it does here is to serve."""

import bgsvc

bgsvc.serve_if_asked()
