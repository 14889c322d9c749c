6.3s * the pod template changes
6.3s restart s-2: RollingUpdate
6.4s wait RollingUpdate: waiting for s-2 before the next member is restarted
6.6s describe s-2 replica readable joined
6.7s wait RollingUpdate: waiting for s-2 before the next member is restarted
7.7s prepare s-2
7.8s join s-2 to s-0
8.0s wait RollingUpdate: waiting for s-2 before the next member is restarted
9.4s restart s-1: RollingUpdate
9.5s wait RollingUpdate: waiting for s-1 before the next member is restarted
9.7s describe s-1 replica readable joined
9.8s wait RollingUpdate: waiting for s-1 before the next member is restarted
10.6s prepare s-1
10.7s join s-1 to s-0
10.9s wait RollingUpdate: waiting for s-1 before the next member is restarted
12.5s intent Move epoch 2 s-1 from s-0 (RollingUpdate)
12.6s hand over s-0 to s-1
13.3s establish s-1 epoch 2 n 3 w 1 replicas s-0+s-2
13.8s label off s-0 on s-1
14.0s mark epoch 2 n 3 w 1: NewEpoch
14.1s clear Move epoch 2 s-1 from s-0 (RollingUpdate): Moved
14.2s describe s-0 replica readable
14.3s restart s-0: RollingUpdate
14.6s describe s-0 replica readable joined
15.9s prepare s-0
16.0s join s-0 to s-1
no acknowledged write is lost
