from setuptools import setup

setup()  # setup.cfg has the settings; pip of Python 3.6 needs this file
